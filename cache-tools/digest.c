/* SPDX-License-Identifier: BSD-3-Clause */
/* XXH3-128 in canonical form, at once and piece by piece. */
#include <xxhash.h>

#include "cache-tools/cache-read.h"

struct dlfm_digest; /* XXH3_state_t under our name */

static void put(unsigned char *digest, XXH128_hash_t hash)
{
	XXH128_canonical_t canonical;

	XXH128_canonicalFromHash(&canonical, hash);
	memcpy(digest, canonical.digest, DLFM_DIGEST_SIZE);
}

struct dlfm_digest *dlfm_digest_new(void)
{
	return (struct dlfm_digest *)XXH3_createState();
}

void dlfm_digest_free(struct dlfm_digest *d)
{
	XXH3_freeState((XXH3_state_t *)d);
}

void dlfm_digest_start(struct dlfm_digest *d)
{
	XXH3_128bits_reset((XXH3_state_t *)d);
}

void dlfm_digest_feed(struct dlfm_digest *d, const void *data, size_t size)
{
	XXH3_128bits_update((XXH3_state_t *)d, data, size);
}

void dlfm_digest_end(struct dlfm_digest *d, unsigned char digest[DLFM_DIGEST_SIZE])
{
	put(digest, XXH3_128bits_digest((XXH3_state_t *)d));
}

void dlfm_digest_of(const void *data, size_t size, unsigned char digest[DLFM_DIGEST_SIZE])
{
	put(digest, XXH3_128bits(data, size));
}
