/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzing the header of cache.dat: its digest is made to fit, for all but one input in eight. */
#include <stdlib.h>
#include <string.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-read.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dlfm_error e = {""};
	struct dlfm_cache_brief b;
	struct dlfm_cache_header h;
	struct dlfm_disk_header d;
	void *copy;

	memset(&d, 0, sizeof(d));
	memcpy(&d, data, size < sizeof(d) ? size : sizeof(d));
	if (size >= sizeof(d) && data[sizeof(d) - 1] % 8)
		dlfm_digest_of(&d, offsetof(struct dlfm_disk_header, digest), d.digest);
	copy = fuzz_copy(&d, size < sizeof(d) ? size : sizeof(d));
	if (dlfm_cache_header_decode(&h, copy, size < sizeof(d) ? size : sizeof(d), &e) == 0) {
		fuzz_check(dlfm_cache_brief(&b, &d, sizeof(d), &e) == 0, "a header has a brief");
		fuzz_check(h.metadata_size <= DLFM_CACHE_MAX_METADATA &&
				   h.contents_size <= DLFM_CACHE_MAX_CONTENT &&
				   h.file_size >= h.contents_offset,
			   "sizes are within the limits");
	} else {
		fuzz_check(e.text[0], "a refusal says why");
	}
	free(copy);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return fuzz_mutate_words(data, size, max, seed);
}
