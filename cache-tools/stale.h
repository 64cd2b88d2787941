/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a cache still true? The staging root (the one reader) compares what the cache holds with the file system,
 * in parallel, before it sends: lstat of each recorded file, link and directory, and of each absent name's parent.
 */
#ifndef DLFM_STALE_H
#define DLFM_STALE_H

#include "cache-tools/error.h"
#include "cache-tools/job-option.h"

struct dlfm_stale_report {
	unsigned long checked, changed, gone, appeared; /* paths */
	char first[512];				/* one of them, for the message */
};

/*
 * Opens `cache` for staging. Returns a descriptor, positioned at 0, of a whole valid cache.dat that is true now:
 * the file itself if nothing is stale, else (refresh) an unlinked temporary copy with the changed paths looked up
 * afresh, or (drop) with them taken out, or (fail) -1 with a text that names them. Also checks that the cache may be
 * trusted: a regular file, owned by the user or root, not writable by others.
 * `threads` 0: 16 (they wait for the file system, not for the CPU).
 */
int dlfm_stale_open(const char *cache, enum dlfm_stale policy, unsigned threads,
		    struct dlfm_stale_report *report, struct dlfm_error *e);

#endif
