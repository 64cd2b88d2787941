/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that make, remove or change a name: begin, the real function, end. */
#ifndef DLFM_FM_CHANGE_H
#define DLFM_FM_CHANGE_H

#include "libdlfm/fm/fm.h"

struct fm_change {
	unsigned how; /* DLFM_DIRTY_*; 0: nothing to mark */
	int marked;   /* already, before the call */
	int certain; /* the path is known to be the canonical one of the file that the call is about
		      */
	int likely;  /* the call may succeed */
	int instead; /* the call is to be made with `path`: see fm_change_path() */
	int dirfd;   /* as the caller said it */
	const char *name;
	size_t len;
	struct fm_room *room; /* mapped, so that small stacks have enough; NULL: not any more */
	char *path;	      /* in the room */
};

enum fm_follow {
	FM_NOFOLLOW,	 /* the call is about a final symbolic link itself */
	FM_MAKES,	 /* ... and fails if the name is there */
	FM_FOLLOW,	 /* ... about what it leads to */
	FM_FOLLOW_LATER, /* ... and returns a descriptor: fm_change_opened() finds out */
};

/* Before the call: finds the canonical path, and marks it unless it looks as if the call would
 * fail. Keeps errno. */
FM_HIDDEN void fm_change_begin(struct fm_change *c, int dirfd, const char *path,
			       enum fm_follow follow, unsigned how);
/*
 * The path to make the call with. A descriptor of a staged file has names in /proc and /dev by which a call would change the
 * staged file (proc(5), /proc/pid/fd): it is made with the original's then.
 */
static inline const char *fm_change_path(const struct fm_change *c, const char *path)
{
	return c->instead ? c->path : path;
}
/* After it: rc is negative if it failed. Returns rc and keeps errno. */
FM_HIDDEN int fm_change_end(struct fm_change *c, int rc);
/* After a call that opened or made a file. Returns fd and keeps errno. */
FM_HIDDEN int fm_change_opened(struct fm_change *c, int fd);
/* A descriptor's file has changed or is about to change. */
FM_HIDDEN void fm_change_descriptor(int fd, unsigned how);

#endif
