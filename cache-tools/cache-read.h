/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading cache.dat: everything is checked before it is followed; a stranger's file can be refused,
 * never harm. */
#ifndef DLFM_CACHE_READ_H
#define DLFM_CACHE_READ_H

#include "cache-tools/cache-format.h"
#include "cache-tools/model.h"

/* ---- from memory, for who gets the bytes as a stream ---- */

/* Decodes and checks the first DLFM_CACHE_HEADER_SIZE bytes. -1 with a text (no cache, version,
 * digest, sizes). */
int dlfm_cache_header_decode(struct dlfm_cache_header *h, const void *bytes, size_t size,
			     struct dlfm_error *e);
/*
 * Decompresses and checks the metadata (header.metadata_stored bytes as they stand in the file) and
 * builds the cache. All that cache-format.h promises is true of the result: order, indices,
 * canonical entries, normal paths, sizes. Returns NULL with a text if it is damaged.
 */
struct dlfm_cache *dlfm_cache_decode(const struct dlfm_cache_header *h, const void *stored,
				     size_t size, struct dlfm_error *e);
/* Decompressed size of the i-th frame of a content. */
size_t dlfm_cache_frame_size(const struct dlfm_cache_content *content, uint32_t i);

/* A digest that is fed piece by piece. */
struct dlfm_digest;
struct dlfm_digest *dlfm_digest_new(void); /* NULL: no memory */
void dlfm_digest_free(struct dlfm_digest *d);
void dlfm_digest_start(struct dlfm_digest *d);
void dlfm_digest_feed(struct dlfm_digest *d, const void *data, size_t size);
void dlfm_digest_end(struct dlfm_digest *d, unsigned char digest[DLFM_DIGEST_SIZE]);
/* All at once. */
void dlfm_digest_of(const void *data, size_t size, unsigned char digest[DLFM_DIGEST_SIZE]);

/* ---- from a file ---- */

struct dlfm_cache_file {
	struct dlfm_cache *cache;
	int fd;
	char name[PATH_MAX]; /* for messages */
};

/*
 * Opens a cache: a regular file of exactly the size that its header says. Returns 0 and fills *f,
 * or -1 with a text that names the file, the place and what to do; then nothing is open.
 */
int dlfm_cache_open(struct dlfm_cache_file *f, const char *name, struct dlfm_error *e);
void dlfm_cache_close(struct dlfm_cache_file *f);

/*
 * Reads content i, decompressed, in order, in pieces of at most DLFM_CACHE_FRAME bytes, and checks
 * its digest at the end. `take` may be NULL (verify); if it returns non-zero, reading stops with -1
 * and *e as `take` left it.
 */
int dlfm_cache_read_content(const struct dlfm_cache_file *f, uint32_t i,
			    int (*take)(void *arg, const void *data, size_t size,
					struct dlfm_error *e),
			    void *arg, struct dlfm_error *e);

#endif
