/* SPDX-License-Identifier: BSD-3-Clause */
/* The index that staging a cache on this node would write, without staging it: to ask it what it would answer. */
#ifndef DLFM_INDEX_H
#define DLFM_INDEX_H

#include "cache-tools/model.h"

/*
 * Makes the index for an image whose mirror tree would be `root` ("<image>/root"), and an empty dirty map; both to be
 * freed. Staged files have no device and inode yet. -1 with a text.
 */
struct dlfm_index {
	void *index, *dirty;
	size_t index_size, dirty_size;
};
int dlfm_index_make(struct dlfm_index *x, const struct dlfm_cache *c, const char *root,
		    struct dlfm_error *e);

#endif
