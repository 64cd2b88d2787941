/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the model and the reader share: how a cache finds paths and digests. */
#ifndef DLFM_MODEL_PRIVATE_H
#define DLFM_MODEL_PRIVATE_H

#include "cache-tools/arena.h"
#include "cache-tools/model.h"

struct dlfm_cache_slots {
	struct dlfm_index_set paths, digests;
};

/* Enter an element that stands in its array already; 0, or -1: no memory. */
int dlfm_cache_index_path(struct dlfm_cache *c, uint32_t i);
int dlfm_cache_index_content(struct dlfm_cache *c, uint32_t i);

#endif
