/* SPDX-License-Identifier: BSD-3-Clause */
/* Device numbers, which each node gives its mounts by itself. */
#ifndef DLFM_STAGE_DEVICES_H
#define DLFM_STAGE_DEVICES_H

#include "cache-tools/cache-read.h"
#include "cache-tools/stage-mounts.h"
#include "libdlfm/image-write.h"

/*
 * The entries of the index (each that of the cache with the same number) have the device that stat(2) told where they were
 * recorded; a mount of a file server has another one on each node, and after each mount. They get that of the mount
 * in which they lie here, if they had that of the mount there: what lies on devices of its own below one mount
 * (subvolumes of btrfs) is left as it is. Without memory nothing changes.
 */
void stage_devices_adjust(struct dlfm_image_in_entry *entries, const struct dlfm_cache *c,
			  const struct stage_mounts *mounts);

#endif
