/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the mirror tree of an image will hold, decided from the metadata before anything is written.
 *
 * Canonical files become files, their ancestors directories. A recorded symbolic link becomes a
 * link in the mirror of its real directory, straight to the mirror of what it came to, and
 * relative: so no recorded target can lead out of the tree, and the tree may be renamed. A name in
 * the tree never goes through a link while it is built.
 */
#ifndef DLFM_STAGE_PLAN_H
#define DLFM_STAGE_PLAN_H

#include "cache-tools/model.h"

enum { /* of an entry */
       DLFM_PLAN_DIR = 1 << 0,
       DLFM_PLAN_FILE = 1 << 1,
       DLFM_PLAN_STAGED = 1 << 2, /* root/<path> opens the contents: DLFM_ENTRY_STAGED */
};

struct dlfm_plan_file {
	uint32_t entry, content;
	uint32_t same; /* earlier in `files`: a hard link of that one; DLFM_NONE: a file of its own
			*/
};

struct dlfm_plan_link {
	uint32_t dir;	 /* entry of the real directory */
	uint32_t entry;	 /* the last component of its path is the link's name */
	uint32_t target; /* entry of what it comes to */
};

struct dlfm_plan {
	const struct dlfm_cache *cache;
	unsigned char *flags; /* of each entry */
	struct dlfm_plan_file *files;
	uint32_t *first; /* files of content c: first[c] to first[c + 1] - 1 */
	struct dlfm_plan_link *links;
	uint32_t n_files, n_links;
	uint32_t max_links;
};

/*
 * Plans for a mirror tree whose name has `root_len` bytes (longer names than PATH_MAX are not
 * staged). -1 with a text: no memory, or an entry that is both a file and a directory.
 * dlfm_plan_free() is due in any case.
 */
int dlfm_plan_make(struct dlfm_plan *p, const struct dlfm_cache *cache, size_t root_len,
		   struct dlfm_error *e);
void dlfm_plan_free(struct dlfm_plan *p);

/* The last component of an entry's path. */
const char *dlfm_plan_name(const struct dlfm_cache_entry *entry);
/* The relative way from directory `dir` to `to` (absolute, normal). -1: needs more than `size`
 * bytes. */
int dlfm_plan_relative(char *text, size_t size, const char *dir, const char *to);

#endif
