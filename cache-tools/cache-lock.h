/* SPDX-License-Identifier: BSD-3-Clause */
/* Who changes a cache in place (learn, refresh) holds its lock, so that none undoes what another one did. */
#ifndef DLFM_CACHE_LOCK_H
#define DLFM_CACHE_LOCK_H

#include <limits.h>

#include "cache-tools/error.h"

struct dlfm_cache_lock {
	int fd;		     /* of the cache, which is locked by flock(2); -1 where it has none */
	char file[PATH_MAX]; /* a lock file where the file system has no flock(2), else "" */
};

/*
 * Waits at most five minutes. Whoever has the lock finds under the cache's name what the one before left there, as the name is looked
 * up again once the lock is held. Nothing has to be cleaned up after a holder that was killed: the kernel
 * releases flock(2); a lock file of a process that is gone, or one older than ten minutes, is taken over. -1 with a text.
 */
int dlfm_cache_lock(struct dlfm_cache_lock *l, const char *cache, struct dlfm_error *e);
void dlfm_cache_unlock(struct dlfm_cache_lock *l);

#endif
