/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing the recorded files of a cache below a directory. */
#ifndef DLFM_EXTRACT_H
#define DLFM_EXTRACT_H

#include "cache-tools/cache-file.h"
#include "cache-tools/policy.h"

struct dlfm_extract_options {
	const struct dlfm_patterns *patterns; /* none: everything */
	int overwrite;			      /* files that are there */
	/* Called for each path before it is written; 1: leave it out; -1: stop. May be NULL. */
	int (*each)(void *arg, const struct dlfm_cache_entry *entry);
	void *arg;
};

/*
 * Writes directories, files with content and links below `dir` (which exists), under their original paths. No link is ever
 * followed, so nothing outside is touched, whatever the cache says or others do meanwhile. Files appear under
 * their names when they are complete. Returns the number of paths, or -1 with a text.
 */
int64_t dlfm_extract(const struct dlfm_cache_file *f, const char *dir,
		     const struct dlfm_extract_options *o, struct dlfm_error *e);

#endif
