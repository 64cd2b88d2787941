/* SPDX-License-Identifier: BSD-3-Clause */
/* Learning: what a replay had to ask of the file system is added to its cache. */
#ifndef DLFM_LEARN_H
#define DLFM_LEARN_H

#include <stddef.h>

#include "cache-tools/error.h"

/*
 * Packs the journals of a replay (directories) by the rules of pack and the scope of `cache`, and merges what comes of it
 * into `cache`, atomically: whoever opens it has the old one or the new one, whole. Several may do so at once (also on
 * several nodes; cache-lock.h): each adds to what the one before left. Returns 1; 0 with a text
 * if there was nothing to add; -1 with a text, and then the cache is as it was.
 */
int dlfm_learn(const char *cache, const char *const *journal_dirs, size_t n, struct dlfm_error *e);

#endif
