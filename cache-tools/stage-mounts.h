/* SPDX-License-Identifier: BSD-3-Clause */
/* Where file systems with recorded files are mounted on this node: what a container can have in common with it. */
#ifndef DLFM_STAGE_MOUNTS_H
#define DLFM_STAGE_MOUNTS_H

#include "cache-tools/cache-read.h"
#include "libdlfm/image-write.h"

struct stage_mounts {
	struct dlfm_image_in_mount at[DLFM_MOUNT_LIMIT];
	size_t n;
};

/*
 * The mounts of /proc/self/mounts (but "/") that have an entry in the cache, with their device and inode; no other is
 * touched: it might not answer. None if they are more than DLFM_MOUNT_LIMIT, or cannot be told.
 */
void stage_mounts_find(struct stage_mounts *mounts, const struct dlfm_cache *c);
void stage_mounts_free(struct stage_mounts *mounts);

#endif
