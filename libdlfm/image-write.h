/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing a node image's index: what goes in, with strings and listings by reference. For stage and
 * for tests. */
#ifndef DLFM_IMAGE_WRITE_H
#define DLFM_IMAGE_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "libdlfm/image.h"

struct dlfm_image_text {
	const char *at; /* need not end with a NUL; holds none */
	size_t len;
};

struct dlfm_image_in_name {
	struct dlfm_image_text name;
	uint64_t ino; /* used where the name has no entry that knows better */
	uint32_t type;
};

/* As struct dlfm_image_entry; the parent is found by the path. */
struct dlfm_image_in_entry {
	struct dlfm_image_text path, target;
	uint32_t canon; /* index in `entries`, or DLFM_NONE */
	uint32_t flags;
	int32_t lerr, err;
	uint32_t first_name, n_names; /* run in `names` */
	struct dlfm_image_stat st;
};

struct dlfm_image_in_resolution {
	uint32_t table;
	uint32_t flags;
	struct dlfm_image_text requester, name, answer;
	uint32_t first_guard, n_guards; /* run in `guards` */
};

struct dlfm_image_in_mount {
	struct dlfm_image_text path; /* has an entry; others are left out */
	uint64_t dev, ino;
};

struct dlfm_image_in {
	uint8_t cache_id[16];
	uint32_t packer_uid;
	uint64_t static_tls;
	const struct dlfm_image_in_entry *entries;
	const struct dlfm_image_in_name *names;
	const uint64_t *fingerprints; /* one a table */
	const struct dlfm_image_in_resolution *resolutions;
	const struct dlfm_image_text *guards;
	const struct dlfm_image_in_mount *mounts; /* DLFM_MOUNT_LIMIT at most */
	size_t n_entries, n_names, n_tables, n_resolutions, n_guards, n_mounts;
};

/*
 * Makes the index for an image whose mirror tree will be at `root` ("<image>/root"). Entries keep
 * their indices; ancestors that have none are added behind them (unknown, their own twin: one that
 * is not canonical must be given). Returns 0
 *with *index (malloced) and *size, or -1 with errno: EINVAL	a path is not absolute and in normal
 *form, or is there twice; an index is out of range EOVERFLOW	a limit of the format ENOMEM
 */
int dlfm_image_write(const struct dlfm_image_in *in, const char *root, void **index, size_t *size);

/* The same into the files `index` and `dirty` of an image directory (made O_EXCL). Also -1 with
 * open's and write's errno. */
int dlfm_image_write_files(int dirfd, const struct dlfm_image_in *in, const char *root);

#endif
