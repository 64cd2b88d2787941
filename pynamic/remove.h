/* SPDX-License-Identifier: BSD-3-Clause */
/* Removing what Pynamic made in a tree, and nothing else. */
#ifndef PYNAMIC_REMOVE_H
#define PYNAMIC_REMOVE_H

#include "cache-tools/error.h"

/* Removes the generated and built files of the tree; links are not followed. -1 with a text. */
int pyn_remove_tree_files(int dirfd, struct dlfm_error *e);

/* Removes what a stopped build left behind: files below lib, mod, bin whose names end in .tmp. */
void pyn_remove_leftovers(int dirfd);

#endif
