/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging caches: one that answers what any of them answers. */
#ifndef DLFM_MERGE_H
#define DLFM_MERGE_H

#include "cache-tools/cache-file.h"
#include "cache-tools/cache-write.h"

/*
 * Writes the union of n caches. Where two of them say different things of a path, the one that was made later is
 * right (the later argument, if both were made in the same second). Caches that disagree on a link or on whether a name
 * is a directory cannot be merged: a text says which path, and that one of them must be refreshed.
 * -1 with a text; then `output` is as it was.
 */
int dlfm_merge(const struct dlfm_cache_file *const *files, size_t n, const char *output,
	       struct dlfm_error *e);

#endif
