/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files that read and write cache.dat share. */
#ifndef DLFM_CACHE_PRIVATE_H
#define DLFM_CACHE_PRIVATE_H

#include <stdarg.h>
#include <stdio.h>

#include "cache-tools/cache-format.h"
#include "cache-tools/model.h"

/* Sets "damaged: <text>; <what to do>"; returns -1. */
int dlfm_damaged(struct dlfm_error *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Fills a header's bytes, with its digest. */
void dlfm_cache_header_encode(struct dlfm_disk_header *d, const struct dlfm_cache_header *h);

/*
 * The metadata of a settled cache, decompressed, to be freed. NULL with a text: no memory, or the
 * cache passes a limit of the format.
 */
unsigned char *dlfm_metadata_encode(const struct dlfm_cache *c, size_t *size, struct dlfm_error *e);

/* Is the path absolute and in normal form, of an allowed length? */
int dlfm_path_is_normal(const char *path, size_t len);
/* Is it absolute and, read name by name, never above "/"? */
int dlfm_path_is_bounded(const char *path, size_t len);
/*
 * Checks what the entries say of each other and of contents (cache-format.h). Strings, indices of
 * names and of contents are within bounds already.
 */
int dlfm_cache_check_entries(const struct dlfm_cache *c, struct dlfm_error *e);
/* The same for tables and resolutions. */
int dlfm_cache_check_resolutions(const struct dlfm_cache *c, struct dlfm_error *e);

#endif
