/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the image's reader share: checked access to the index, and the dirty map's
 * loads. */
#ifndef DLFM_IMAGE_INTERNAL_H
#define DLFM_IMAGE_INTERNAL_H

#include "libdlfm/image.h"

#define DLFM_PATH_LIMIT                                                                            \
	4096 /* PATH_MAX: a longer path fails with ENAMETOOLONG, so the kernel is asked */
#define DLFM_NAME_LIMIT	 255  /* NAME_MAX, likewise */
#define DLFM_DEPTH_LIMIT 2048 /* no path has more components: ends a walk in a damaged index */

/* File types as in struct stat's st_mode: fixed by the kernel's ABI (inode(7)), so no libc header
 * is needed. */
#define DLFM_S_IFMT  0170000u
#define DLFM_S_IFDIR 0040000u
#define DLFM_S_IFLNK 0120000u

static inline const struct dlfm_image_entry *dlfm_entries(const struct dlfm_image *im)
{
	return (const void *)(im->base + im->header->entries.offset);
}

static inline int dlfm_is_entry(const struct dlfm_image *im, uint32_t i)
{
	return i < im->header->entries.count;
}

static inline int dlfm_is_known(const struct dlfm_image_entry *e)
{
	return (e->flags & DLFM_ENTRY_KNOWN) != 0;
}

/* Whether the path of an entry means the same file for this process as for who built the image. */
static inline int dlfm_is_here(const struct dlfm_image *im, uint32_t i)
{
	const uint32_t mount = dlfm_entries(im)[i].mount;

	return !im->elsewhere || (mount < DLFM_MOUNT_LIMIT && (im->shared >> mount & 1));
}

static inline int dlfm_is_type(const struct dlfm_image_entry *e, uint32_t type)
{
	return (e->st.mode & DLFM_S_IFMT) == type;
}

static inline int dlfm_bytes_equal(const void *a, const void *b, size_t len)
{
	const unsigned char *p = a, *q = b;
	uint64_t x, y;

	for (; len >= sizeof(x); p += sizeof(x), q += sizeof(x), len -= sizeof(x)) {
		__builtin_memcpy(&x, p, sizeof(x));
		__builtin_memcpy(&y, q, sizeof(y));
		if (x != y)
			return 0;
	}
	for (; len > 0; p++, q++, len--)
		if (*p != *q)
			return 0;
	return 1;
}

static inline unsigned dlfm_dirty(const struct dlfm_image *im, uint32_t i)
{
	return __atomic_load_n(&im->dirty_bytes[i], __ATOMIC_RELAXED);
}

static inline int dlfm_counted(const uint32_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE) != 0;
}

/* The path of an entry, NULL if it is not whole, not absolute or too long. */
const char *dlfm_entry_path(const struct dlfm_image *im, const struct dlfm_image_entry *e);
/* The entry of a path in normal form, DLFM_NONE if it has none. */
uint32_t dlfm_image_find(const struct dlfm_image *im, const char *path, size_t len);
/* The entry of the nearest ancestor of a path in normal form; *prefix gets the length of the
 * ancestor's path. */
uint32_t dlfm_image_find_above(const struct dlfm_image *im, const char *path, size_t len,
			       size_t *prefix);
/* Length of the component that starts at path[at]. */
size_t dlfm_component(const char *path, size_t len, size_t at);
/* Whether a listed directory has the name. */
int dlfm_image_listed(const struct dlfm_image *im, uint32_t dir, const char *name, size_t len);

/* Looks up a path in normal form. */
struct dlfm_found dlfm_image_lookup_normal(const struct dlfm_image *im, const char *path,
					   size_t len, int follow);

struct dlfm_normal {
	size_t len;    /* of the normal form in buf; 0: there is none, `found` is the answer */
	int directory; /* the path ended in "/" or "/.": only a directory will do */
	struct dlfm_found found;
	char buf[DLFM_PATH_LIMIT];
};
/* Brings an absolute path into normal form. */
void dlfm_image_normalise(const struct dlfm_image *im, const char *path, size_t len,
			  struct dlfm_normal *n);

/*
 * Puts the canonical path of the directory in front of a path's last name. Returns 0 if it is there already, or not known.
 */
int dlfm_to_canonical_directory(const struct dlfm_image *im, struct dlfm_normal *n);

/* Whether the job changed something on which the answer of a known entry depends. */
int dlfm_image_changed(const struct dlfm_image *im, uint32_t named, int follow);
/* Whether the path of a known entry leads somewhere else now: contents and listing do not matter.
 */
int dlfm_image_place_changed(const struct dlfm_image *im, uint32_t named);

#endif
