/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that appear under their name when they are complete, or not at all. */
#ifndef DLFM_TEMPORARY_H
#define DLFM_TEMPORARY_H

#include <limits.h>
#include <sys/types.h>

#include "cache-tools/error.h"

struct dlfm_temporary {
	int fd;
	char name[PATH_MAX];  /* final name, links resolved */
	char named[PATH_MAX]; /* temporary name; "" while the file has none */
};

/* Is `name` free, or a regular file, in a directory that may be written? -1 with a text. */
int dlfm_temporary_check(const char *name, struct dlfm_error *e);
/*
 * Opens a temporary file in the directory of `name`: one without a name where the file system can
 * do that (O_TMPFILE), so that even SIGKILL leaves nothing. A link under `name` is followed: what
 * it leads to will be replaced.
 */
int dlfm_temporary_open(struct dlfm_temporary *t, const char *name, mode_t mode,
			struct dlfm_error *e);
/* Without a name in any case: gone when it is closed. */
int dlfm_temporary_open_unlinked(struct dlfm_temporary *t, const char *name, struct dlfm_error *e);
/* fsync, rename to the final name, close. On failure nothing is left. */
int dlfm_temporary_commit(struct dlfm_temporary *t, struct dlfm_error *e);
/* Closes and removes; a closed one is allowed. */
void dlfm_temporary_abort(struct dlfm_temporary *t);
/*
 * Removes the named temporary files of this process: for a handler of a signal that ends it
 * (async-signal-safe).
 */
void dlfm_temporary_remove_all(void);

#endif
