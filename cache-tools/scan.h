/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking a path up afresh in the file system: for pack, and for who must know whether a cache is still true. */
#ifndef DLFM_SCAN_H
#define DLFM_SCAN_H

#include <sys/stat.h>

#include "cache-tools/model.h"

struct dlfm_scan {
	int lerr;		   /* errno of lstat; 0: st is set */
	struct dlfm_image_stat st; /* without access */
	char target[PATH_MAX];	   /* of a symbolic link, else "" */
};

/*
 * lstat and readlink of `name` relative to the open directory `dir` (AT_FDCWD and a whole path will do, too). If the link
 * cannot be read, lerr says so.
 */
void dlfm_scan_at(struct dlfm_scan *s, int dir, const char *name);
/*
 * The same, but asks the server even if the client still believes its copy of the attributes (AT_STATX_FORCE_SYNC: on NFS
 * that may be a minute old). "" is `dir` itself.
 */
void dlfm_scan_now(struct dlfm_scan *s, int dir, const char *name);
void dlfm_scan_path(struct dlfm_scan *s, const char *path);
/* Copies what stat(2) gave; access is 0. */
void dlfm_scan_stat(struct dlfm_image_stat *to, const struct stat *from);
/* R_OK | W_OK | X_OK as this process has them (access(2)); `mode` is the file's. */
uint32_t dlfm_scan_access_at(int dir, const char *name, uint32_t mode);
uint32_t dlfm_scan_access(const char *path);
/*
 * Reads a directory's names, in readdir's order, without "." and "..", into the cache's memory and sets
 * entry->names, n_names and DLFM_ENTRY_LISTED. 0, or -1 with errno: the entry has no listing then.
 */
int dlfm_scan_list_at(struct dlfm_cache *c, struct dlfm_cache_entry *entry, int dir,
		      const char *name);
int dlfm_scan_list(struct dlfm_cache *c, struct dlfm_cache_entry *entry);
/* Is it the same file in the same state: device, inode, size, mode, mtime and ctime? */
int dlfm_scan_same(const struct dlfm_image_stat *a, const struct dlfm_image_stat *b);

#endif
