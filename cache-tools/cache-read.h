/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading cache.dat: everything is checked before it is followed; a stranger's file can be refused,
 * never harm. */
#ifndef DLFM_CACHE_READ_H
#define DLFM_CACHE_READ_H

#include "cache-tools/cache-format.h"
#include "cache-tools/model.h"

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

#endif
