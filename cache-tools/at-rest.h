/* SPDX-License-Identifier: BSD-3-Clause */
/* Was a file read in one state, or while somebody wrote to it? */
#ifndef DLFM_AT_REST_H
#define DLFM_AT_REST_H

#include "libdlfm/image.h"

struct dlfm_rest {
	struct dlfm_image_stat st; /* before the reading; without access */
	int busy;		   /* somebody has it open for writing */
};

/*
 * To be called before a file is read. A file that was changed in this very moment is waited for, 20 ms at most: within one
 * tick of the file system's clock a further change would show in no time. -1: not a regular file, or errno.
 */
int dlfm_rest_begin(struct dlfm_rest *r, int fd);
/*
 * To be called when it has been read. 1: in one state, as far as one can see from here; 0: it cannot be told; 2: not.
 *
 * A write(2) sets the times when it begins, so times alone do not show one that is under way. The kernel tells on file
 * systems of its own, by refusing a read lease (fcntl(2), F_SETLEASE) on a file that is open for writing. Writers on
 * other nodes are only seen by times: whoever stages reads recently changed files again (stale-check.c).
 */
int dlfm_rest_verdict(const struct dlfm_rest *r, int fd);

#endif
