/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A stager that only counts and checks, to test the network part by itself. Its cache: a header of
 * 256 bytes, which is "STUBCACH", the size of the file (8 bytes, this machine's order) and the
 * XXH3-128 of what follows the header (16 bytes, canonical); then anything. The image is a file
 * <dir>/<id> with "ok" in it.
 *
 * Diagnostics by the environment: DLFM_TEST_SLOW, microseconds that each feed takes;
 * DLFM_TEST_FAIL, a text with which opening fails; DLFM_TEST_FULL, bytes after which the node is
 * full; DLFM_TEST_HANG, bytes after which feeding never returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "cache-tools/stale.h"
#include "libdlfm/hash.h"

static const char magic[8] = "STUBCACH";
enum { SIZE_AT = 8, DIGEST_AT = 16, DIGEST_SIZE = 16 };

struct dlfm_stager {
	XXH3_state_t digest;
	struct dlfm_cache_brief brief;
	uint8_t wanted[DIGEST_SIZE];
	uint64_t fed, full, hang;
	unsigned slow;
	char image[PATH_MAX];
};

static uint64_t number_from(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

int dlfm_cache_brief(struct dlfm_cache_brief *b, const void *header, size_t size,
		     struct dlfm_error *e)
{
	const uint8_t *p = header;
	size_t i;

	memset(b, 0, sizeof(*b));
	if (size < DLFM_CACHE_HEADER_SIZE || memcmp(p, magic, sizeof(magic)) != 0)
		return dlfm_errf(e, "not a cache");
	memcpy(&b->file_size, p + SIZE_AT, sizeof(b->file_size));
	for (i = 0; i < DIGEST_SIZE; i++)
		snprintf(b->id + 2 * i, 3, "%02x", p[DIGEST_AT + i]);
	b->n_files = 1;
	b->content_size = b->file_size;
	return 0;
}

int dlfm_stager_open(struct dlfm_stager **out, const struct dlfm_cache_brief *brief,
		     const struct dlfm_stage_options *options, struct dlfm_error *e)
{
	struct dlfm_stager *st = aligned_alloc(64, (sizeof(*st) + 63) / 64 * 64);

	*out = NULL;
	if (!st)
		return dlfm_errf(e, "no memory");
	memset(st, 0, sizeof(*st));
	if (getenv("DLFM_TEST_FAIL")) {
		free(st);
		return dlfm_errf(e, "%s", getenv("DLFM_TEST_FAIL"));
	}
	*out = st;
	st->brief = *brief;
	st->slow = (unsigned)number_from("DLFM_TEST_SLOW");
	st->full = number_from("DLFM_TEST_FULL");
	st->hang = number_from("DLFM_TEST_HANG");
	snprintf(st->image, sizeof(st->image), "%s/%s",
		 options->dirs ? options->dirs[0] : "/dev/shm", brief->id);
	XXH3_128bits_reset(&st->digest);
	return access(st->image, F_OK) == 0 ? DLFM_STAGE_READY : DLFM_STAGE_NEEDED;
}

int dlfm_stager_feed(struct dlfm_stager *st, const void *data, size_t size, struct dlfm_error *e)
{
	size_t skip = 0;

	if (st->slow)
		usleep(st->slow);
	if (st->hang && st->fed >= st->hang)
		pause();
	if (st->full && st->fed >= st->full)
		return dlfm_errf(e, "no space left on device");
	if (st->fed < DLFM_CACHE_HEADER_SIZE) {
		if (st->fed > 0 || size < DLFM_CACHE_HEADER_SIZE)
			return dlfm_errf(e, "the stub wants the header in one piece");
		memcpy(st->wanted, (const uint8_t *)data + DIGEST_AT, DIGEST_SIZE);
		skip = DLFM_CACHE_HEADER_SIZE;
	}
	XXH3_128bits_update(&st->digest, (const uint8_t *)data + skip, size - skip);
	st->fed += size;
	return 0;
}

static int check(struct dlfm_stager *st, struct dlfm_error *e)
{
	XXH128_canonical_t got;

	XXH128_canonicalFromHash(&got, XXH3_128bits_digest(&st->digest));
	if (st->fed != st->brief.file_size)
		return dlfm_errf(e, "%llu bytes came, not %llu", (unsigned long long)st->fed,
				 (unsigned long long)st->brief.file_size);
	if (memcmp(got.digest, st->wanted, DIGEST_SIZE) != 0)
		return dlfm_errf(e, "the contents are damaged");
	return 0;
}

int dlfm_stager_finish(struct dlfm_stager *st, char image[PATH_MAX], struct dlfm_error *e)
{
	int fd, rc = st->fed > 0 ? check(st, e) : 0;

	memcpy(image, st->image, PATH_MAX);
	if (rc == 0 && st->fed > 0) {
		fd = open(st->image, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, "ok", 2) != 2)
			rc = dlfm_errnof(e, "%s", st->image);
		if (fd >= 0)
			close(fd);
	}
	free(st);
	return rc;
}

void dlfm_stager_abort(struct dlfm_stager *st)
{
	free(st);
}

int dlfm_stale_open(const char *cache, enum dlfm_stale policy, unsigned threads,
		    struct dlfm_stale_report *report, struct dlfm_error *e)
{
	int fd = open(cache, O_RDONLY | O_CLOEXEC);

	(void)policy;
	(void)threads;
	memset(report, 0, sizeof(*report));
	return fd >= 0 ? fd : dlfm_errnof(e, "%s", cache);
}

int dlfm_lease_release(const char *const *dirs, const char *key, struct dlfm_error *e)
{
	(void)dirs;
	(void)key;
	return dlfm_errf(e, "the stub has no leases");
}
