/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory limit of the calling process's control group: what is written to a tmpfs counts against it. */
#ifndef DLFM_CGROUP_H
#define DLFM_CGROUP_H

#include <stdint.h>

/*
 * Bytes that the process's memory cgroup (v1 or v2) and all above it leave, caches of files counted as free, since the kernel
 * drops them first. UINT64_MAX: no limit, or none that can be read.
 */
uint64_t dlfm_cgroup_room(void);

#endif
