/* SPDX-License-Identifier: BSD-3-Clause */
/* A cache file into an image on this node. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/cache-private.h"
#include "cache-tools/stage.h"
#include "libdlfm/image.h"

enum { PIECE = 1 << 20 };

static int feed_file(struct dlfm_stager *st, int fd, int (*stop)(void), struct dlfm_error *e)
{
	char *piece = malloc(PIECE);
	ssize_t n = 1;
	uint64_t at = 0;
	int rc = 0;

	if (!piece)
		return dlfm_errf(e, "no memory");
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (rc == 0 && n > 0) {
		if (stop && stop()) {
			rc = dlfm_errf(e, "interrupted");
			break;
		}
		n = dlfm_read_at(fd, piece, PIECE, at);
		if (n < 0)
			rc = dlfm_errnof(e, "cannot be read at byte %llu", (unsigned long long)at);
		else if (n > 0)
			rc = dlfm_stager_feed(st, piece, n, e);
		at += n > 0 ? n : 0;
	}
	free(piece);
	return rc;
}

int dlfm_stage_descriptor(int fd, const struct dlfm_stage_options *options, char image[PATH_MAX],
			  struct dlfm_error *e)
{
	unsigned char header[DLFM_CACHE_HEADER_SIZE];
	struct dlfm_cache_brief brief;
	struct dlfm_stager *st;
	ssize_t n = dlfm_read_at(fd, header, sizeof(header), 0);
	struct stat s;
	int rc;

	if (n < 0 || fstat(fd, &s) < 0)
		return dlfm_errnof(e, "cannot be read");
	if (dlfm_cache_brief(&brief, header, n, e) < 0)
		return -1;
	if ((uint64_t)s.st_size != brief.file_size)
		return dlfm_damaged(e, "it has %llu bytes and should have %llu",
				    (unsigned long long)s.st_size,
				    (unsigned long long)brief.file_size);
	rc = dlfm_stager_open(&st, &brief, options, e);
	if (rc == DLFM_STAGE_NEEDED && feed_file(st, fd, options ? options->stop : NULL, e) < 0) {
		dlfm_stager_abort(st);
		return -1;
	}
	return rc < 0 ? -1 : dlfm_stager_finish(st, image, e);
}

int dlfm_stage_file(const char *cache, const struct dlfm_stage_options *options,
		    char image[PATH_MAX], struct dlfm_error *e)
{
	uint64_t size;
	int fd = dlfm_cache_open_regular(cache, &size, e), rc;

	if (fd < 0)
		return -1;
	rc = dlfm_stage_descriptor(fd, options, image, e);
	close(fd);
	return rc < 0 ? dlfm_err_prefix(e, "%s", cache) : 0;
}
