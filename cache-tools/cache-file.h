/* SPDX-License-Identifier: BSD-3-Clause */
/* A cache.dat on disk. */
#ifndef DLFM_CACHE_FILE_H
#define DLFM_CACHE_FILE_H

#include "cache-tools/cache-read.h"
#include "cache-tools/file-io.h"

/* Opens a regular file (never waits for a FIFO's writer): a descriptor, or -1 with a text that names it. */
int dlfm_cache_open_regular(const char *name, uint64_t *size, struct dlfm_error *e);

struct dlfm_cache_file {
	struct dlfm_cache *cache;
	int fd;
	char *name; /* for messages */
};

/*
 * Opens a cache: a regular file of exactly the size that its header says. Returns 0 and fills *f,
 * or -1 with a text that names the file, the place and what to do; then nothing is open.
 */
int dlfm_cache_open(struct dlfm_cache_file *f, const char *name, struct dlfm_error *e);
void dlfm_cache_close(struct dlfm_cache_file *f);

/* Is given a piece of a content; non-zero, with the text set, ends the reading. */
typedef int dlfm_content_taker(void *arg, const void *data, size_t size, struct dlfm_error *e);
/*
 * Reads content i, decompressed, in order, in pieces of at most DLFM_CACHE_FRAME bytes, and checks
 * its digest at the end. `take` may be NULL (verify). -1 with a text that names file, place and
 * path.
 */
int dlfm_cache_read_content(const struct dlfm_cache_file *f, uint32_t i, dlfm_content_taker *take,
			    void *arg, struct dlfm_error *e);

#endif
