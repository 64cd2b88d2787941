/* SPDX-License-Identifier: BSD-3-Clause */
/* Which file systems are shared between nodes. */
#ifndef DLFM_FILE_SYSTEMS_H
#define DLFM_FILE_SYSTEMS_H

#include <stdint.h>

#include "cache-tools/policy.h"

struct dlfm_file_systems;

/* NULL: no memory. Reads /proc/self/mountinfo. */
struct dlfm_file_systems *dlfm_file_systems_new(const struct dlfm_policy *policy);
void dlfm_file_systems_free(struct dlfm_file_systems *f);
/* Is the file system with this st_dev shared? `path` is a file on it, for statfs(2). Remembered by st_dev. */
int dlfm_file_system_is_shared(struct dlfm_file_systems *f, uint64_t dev, const char *path);

#endif
