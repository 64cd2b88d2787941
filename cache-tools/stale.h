/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is a cache still true? The staging root (the one reader) compares what the cache holds with the file system,
 * in parallel, before it sends: one look at each recorded file, link and directory, relative to its open directory. An absent
 * name is asked for only where its directory is not known to be as it was recorded.
 */
#ifndef DLFM_STALE_H
#define DLFM_STALE_H

#include "cache-tools/error.h"
#include "cache-tools/job-option.h"

struct dlfm_stale_report {
	unsigned long checked, changed, gone, appeared; /* paths */
	int kept;	  /* the file itself was opened: nothing had to be mended */
	char first[1024]; /* one of them, for the message: "PATH (changed: rewritten ...)" */
};

struct dlfm_stale_listener {
	/* Is told each path that is not as recorded: "changed", "gone" or "new", and why, in words. */
	void (*tell)(void *arg, const char *path, const char *what, const char *why);
	void *arg;
};

struct dlfm_stale_options {
	enum dlfm_stale policy;
	unsigned threads; /* 0: 16 (they wait for the file system, not for the CPU) */
	int trusted;	  /* owner and mode of the cache are not looked at */
	/* Also mends what answers no question wrongly, but costs a look each time: other times of a directory, of a file. */
	int thorough;
	const struct dlfm_stale_listener *listener; /* NULL: none */
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
 */
int dlfm_stale_open_with(const char *cache, const struct dlfm_stale_options *options,
			 struct dlfm_stale_report *report, struct dlfm_error *e);
/* With a policy alone. */
int dlfm_stale_open(const char *cache, enum dlfm_stale policy, unsigned threads,
		    struct dlfm_stale_report *report, struct dlfm_error *e);
/* The same for a cache that the user says he trusts: owner and mode are not looked at. */
int dlfm_stale_open_trusted(const char *cache, enum dlfm_stale policy, unsigned threads,
			    struct dlfm_stale_report *report, struct dlfm_error *e);

#endif
