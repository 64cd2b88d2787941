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
 * Opens `cache` for staging. Returns a descriptor, positioned at 0, of a whole cache.dat that is true now: the file
 * itself if nothing is stale, else a copy in an unlinked temporary file, or -1 with a text.
 *	refresh	changed files and listed directories are looked up afresh; what is gone is absent; the rest (links, new
 *		directories, directories whose times changed) is left to the file system, as are resolutions that
 *		may have another answer now
 *	drop	all that changed is left to the file system
 *	fail	-1 with a text that names one
 * A directory that nobody listed and of which only the times changed is left to the file system without a word.
 * Also checks that the cache may be trusted: a regular file, owned by the user or root, not writable by others (by
 * the group only if it is the user's own, of the same number).
 * `threads` 0: 16 (they wait for the file system, not for the CPU).
 */
int dlfm_stale_open(const char *cache, enum dlfm_stale policy, unsigned threads,
		    struct dlfm_stale_report *report, struct dlfm_error *e);
/* The same for a cache that the user says he trusts: owner and mode are not looked at. */
int dlfm_stale_open_trusted(const char *cache, enum dlfm_stale policy, unsigned threads,
			    struct dlfm_stale_report *report, struct dlfm_error *e);

#endif
