/* SPDX-License-Identifier: BSD-3-Clause */
/* The image's reader, look-up of paths: from an entry, from an ancestor, or from a listing. */
#include <asm/errno.h> /* the kernel's: no libc */

#include "libdlfm/image-internal.h"

enum { MAY_EXECUTE = 1 }; /* X_OK */

static struct dlfm_found unknown(uint32_t named, int err)
{
	return (struct dlfm_found){
		.answer = DLFM_UNKNOWN, .err = err, .named = named, .entry = DLFM_NONE};
}

static struct dlfm_found absent(uint32_t named, int err)
{
	return (struct dlfm_found){
		.answer = DLFM_ABSENT, .err = err, .named = named, .entry = DLFM_NONE};
}

/* The entry that answers for a known entry that exists, DLFM_NONE if the index does not have it. */
static uint32_t answering(const struct dlfm_image *im, uint32_t named, int follow)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[named];
	uint32_t i = follow ? e->canon : named;

	if (!dlfm_is_entry(im, i))
		return DLFM_NONE;
	e = &dlfm_entries(im)[i];
	if (!dlfm_is_known(e) || e->lerr != 0 || (follow && dlfm_is_type(e, DLFM_S_IFLNK)))
		return DLFM_NONE;
	return i;
}

/* By the path as it was given and by the canonical one: a link of the container's own would lead elsewhere. */
static int is_here(const struct dlfm_image *im, uint32_t named)
{
	const uint32_t canon = dlfm_entries(im)[named].canon;

	return !im->elsewhere ||
	       (dlfm_is_here(im, named) && (!dlfm_is_entry(im, canon) || dlfm_is_here(im, canon)));
}

static struct dlfm_found judge(const struct dlfm_image *im, uint32_t named, int follow)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[named];
	struct dlfm_found found = {.answer = DLFM_PRESENT, .named = named};
	int err = e->lerr ? e->lerr : follow ? e->err : 0;

	if (!dlfm_is_known(e) || !is_here(im, named))
		return unknown(named, 0);
	if (dlfm_counted(&im->dirty->marks) && dlfm_image_changed(im, named, follow))
		return unknown(named, DLFM_CHANGED);
	if (err)
		return absent(named, err);
	found.entry = answering(im, named, follow);
	return found.entry == DLFM_NONE ? unknown(named, 0) : found;
}

/*
 * Whether a directory's listing says that it does not have the name. Names with a leading dot are
 * not decided: file servers keep hidden ones (.snapshot, .zfs) that no listing shows.
 */
static int misses_name(const struct dlfm_image *im, uint32_t i, const char *name, size_t len)
{
	const struct dlfm_image_entry *dir = &dlfm_entries(im)[i];

	return (dir->flags & DLFM_ENTRY_LISTED) && (dir->st.access & MAY_EXECUTE) &&
	       name[0] != '.' && len <= DLFM_NAME_LIMIT && !dlfm_image_listed(im, i, name, len);
}

/* The path has no entry: what its nearest ancestor says. A listing that the job changed makes the ancestor itself
 * unknown. */
static struct dlfm_found judge_above(const struct dlfm_image *im, const char *path, size_t len)
{
	const struct dlfm_image_entry *dir;
	struct dlfm_found above;
	size_t prefix, name;
	uint32_t i = dlfm_image_find_above(im, path, len, &prefix);

	if (i == DLFM_NONE)
		return unknown(DLFM_NONE, 0);
	above = judge(im, i, 1);
	above.named = DLFM_NONE;
	if (above.answer != DLFM_PRESENT)
		return above;
	dir = &dlfm_entries(im)[above.entry];
	if (!dlfm_is_type(dir, DLFM_S_IFDIR))
		return absent(DLFM_NONE, ENOTDIR);
	name = path[prefix] == '/' ? prefix + 1 : prefix;
	if (!misses_name(im, above.entry, path + name, dlfm_component(path, len, name)))
		return unknown(DLFM_NONE, 0);
	return absent(DLFM_NONE, ENOENT);
}

struct dlfm_found dlfm_image_lookup_normal(const struct dlfm_image *im, const char *path,
					   size_t len, int follow)
{
	uint32_t i = dlfm_image_find(im, path, len);

	return i == DLFM_NONE ? judge_above(im, path, len) : judge(im, i, follow);
}

static void put(struct dlfm_normal *n, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		n->buf[n->len + i] = text[i];
	n->len += len;
}

/* Whether an answer for a directory forbids to look behind it: it is then the answer for what stands there. */
static int stops(const struct dlfm_image *im, struct dlfm_found *found)
{
	const struct dlfm_image_entry *e;

	if (found->answer != DLFM_PRESENT)
		return found->answer == DLFM_ABSENT;
	e = &dlfm_entries(im)[found->entry];
	if (!dlfm_is_type(e, DLFM_S_IFDIR))
		*found = absent(DLFM_NONE, ENOTDIR);
	else if (!(e->st.access & MAY_EXECUTE))
		*found = unknown(DLFM_NONE, 0);
	else
		return 0;
	return 1;
}

/*
 * The canonical entry of a directory by its path in normal form. It may be one that only ties its children, and names may
 * have been made or removed in it: only where it lies is asked.
 */
static uint32_t find_directory(const struct dlfm_image *im, const char *path, size_t len)
{
	uint32_t i = dlfm_image_find(im, path, len);

	if (i == DLFM_NONE || (dlfm_counted(&im->dirty->marks) && dlfm_image_place_changed(im, i)))
		return DLFM_NONE;
	if (!is_here(im, i))
		return DLFM_NONE;
	i = dlfm_entries(im)[i].canon;
	if (!dlfm_is_entry(im, i) || dlfm_entries(im)[i].lerr != 0 ||
	    !dlfm_is_type(&dlfm_entries(im)[i], DLFM_S_IFDIR))
		return DLFM_NONE;
	return i;
}

/* Replaces the path so far by the canonical one of a directory. */
static int go_to(const struct dlfm_image *im, struct dlfm_normal *n, uint32_t dir)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[dir];
	const char *path = dlfm_entry_path(im, e);

	n->len = 0;
	if (!path)
		return -1;
	put(n, path, e->path.len);
	return 0;
}

/* "..": the parent of the directory that the path so far leads to. Behind a link it is another one than the path says. */
static int go_up(const struct dlfm_image *im, struct dlfm_normal *n)
{
	uint32_t dir;

	if (n->len == 0)
		return 0; /* the root's parent is the root */
	n->found = dlfm_image_lookup_normal(im, n->buf, n->len, 1);
	if (stops(im, &n->found))
		return -1;
	n->found = unknown(DLFM_NONE, 0);
	dir = find_directory(im, n->buf, n->len);
	if (dir == DLFM_NONE)
		return -1;
	if (dir != dlfm_image_find(im, n->buf, n->len) && go_to(im, n, dir) < 0)
		return -1;
	while (n->len > 0 && n->buf[n->len - 1] != '/')
		n->len--;
	if (n->len > 0)
		n->len--;
	return 0;
}

static int add_component(const struct dlfm_image *im, struct dlfm_normal *n, const char *name,
			 size_t len)
{
	n->directory = 0;
	if (name[0] == '.' && len == 1) {
		n->directory = 1;
		return 0;
	}
	if (name[0] == '.' && name[1] == '.' && len == 2) {
		n->directory = 1;
		n->buf[0] = '/';
		return go_up(im, n);
	}
	if (n->len + len + 2 > sizeof(n->buf)) {
		n->found = unknown(DLFM_NONE, 0);
		return -1;
	}
	put(n, "/", 1);
	put(n, name, len);
	return 0;
}

void dlfm_image_normalise(const struct dlfm_image *im, const char *path, size_t len,
			  struct dlfm_normal *n)
{
	size_t at = 0, name;

	n->len = 0;
	n->directory = 0;
	n->found = unknown(DLFM_NONE, 0);
	if (len == 0 || len >= DLFM_PATH_LIMIT || path[0] != '/')
		return;
	while (at < len) {
		if (path[at] == '/') {
			at++;
			continue;
		}
		name = dlfm_component(path, len, at);
		if (add_component(im, n, path + at, name) < 0) {
			n->len = 0;
			return;
		}
		at += name;
	}
	n->directory |= path[len - 1] == '/';
	if (n->len == 0)
		put(n, "/", 1);
}

/* Apart, so that only paths that are not normal need the room on the stack. */
static __attribute__((noinline)) struct dlfm_found
lookup_any(const struct dlfm_image *im, const char *path, size_t len, int follow)
{
	struct dlfm_normal n;

	dlfm_image_normalise(im, path, len, &n);
	if (n.len == 0)
		return n.found;
	n.found = dlfm_image_lookup_normal(im, n.buf, n.len, follow || n.directory);
	if (n.directory && n.found.answer == DLFM_PRESENT &&
	    !dlfm_is_type(&dlfm_entries(im)[n.found.entry], DLFM_S_IFDIR))
		return absent(n.found.named, ENOTDIR);
	return n.found;
}

static int is_normal(const char *path, size_t len)
{
	size_t i;

	if (len == 0 || path[0] != '/' || (len > 1 && path[len - 1] == '/'))
		return 0;
	for (i = 0; i + 1 < len; i++)
		if (path[i] == '/' &&
		    (path[i + 1] == '/' ||
		     (path[i + 1] == '.' &&
		      (i + 2 == len || path[i + 2] == '/' ||
		       (path[i + 2] == '.' && (i + 3 == len || path[i + 3] == '/'))))))
			return 0;
	return 1;
}

struct dlfm_found dlfm_image_lookup(const struct dlfm_image *im, const char *path, size_t len,
				    int follow)
{
	uint32_t i;

	if (len >= DLFM_PATH_LIMIT)
		return unknown(DLFM_NONE, 0);
	i = dlfm_image_find(im, path,
			    len); /* every entry's path is normal: no need to look first */
	if (i != DLFM_NONE)
		return judge(im, i, follow);
	return is_normal(path, len) ? judge_above(im, path, len)
				    : lookup_any(im, path, len, follow);
}

uint32_t dlfm_image_directory(const struct dlfm_image *im, const char *path, size_t len)
{
	struct dlfm_normal n;

	dlfm_image_normalise(im, path, len, &n);
	return n.len ? find_directory(im, n.buf, n.len) : DLFM_NONE;
}
