/* SPDX-License-Identifier: BSD-3-Clause */
/* The image's reader, coherence: what the job changed is marked, and which answers that makes
 * unknown. */
#include "libdlfm/image-internal.h"

enum { ANY = DLFM_DIRTY_SELF | DLFM_DIRTY_TREE };

/* Whether an entry has one of the marks in `mask`, or it or an ancestor has DLFM_DIRTY_TREE. */
static int touched(const struct dlfm_image *im, uint32_t i, unsigned mask)
{
	uint32_t up;
	int depth;

	if (dlfm_dirty(im, i) & (mask | DLFM_DIRTY_TREE))
		return 1;
	if (!dlfm_counted(&im->dirty->tree_marks))
		return 0;
	for (depth = 0; depth < DLFM_DEPTH_LIMIT; depth++) {
		up = dlfm_entries(im)[i].parent;
		if (!dlfm_is_entry(im, up))
			return 1;
		if (dlfm_dirty(im, up) & DLFM_DIRTY_TREE)
			return 1;
		if (up == i)
			return 0;
		i = up;
	}
	return 1;
}

/*
 * Whether the canonical twin of an entry was touched. An answer that leads through a link also
 * depends on every link in between, hence link_marks.
 */
static int twin_touched(const struct dlfm_image *im, uint32_t named, uint32_t twin, unsigned mask)
{
	if (twin == named)
		return 0;
	return dlfm_counted(&im->dirty->link_marks) || !dlfm_is_entry(im, twin) ||
	       touched(im, twin, mask);
}

/* An absent name without a twin: it depends on the lowest ancestor that exists having no other
 * names. */
static int absent_changed(const struct dlfm_image *im, uint32_t i)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[i];
	int depth;

	for (depth = 0; depth < DLFM_DEPTH_LIMIT; depth++) {
		i = e->parent;
		if (!dlfm_is_entry(im, i))
			return 1;
		e = &dlfm_entries(im)[i];
		if (!dlfm_is_known(e) || (e->lerr == 0 && e->err != 0))
			return 1; /* not known what it is, or a dangling link */
		if (e->lerr == 0)
			return e->canon != i && twin_touched(im, i, e->canon, ANY);
	}
	return 1;
}

int dlfm_to_canonical_directory(const struct dlfm_image *im, struct dlfm_normal *n)
{
	const struct dlfm_image_entry *dir;
	size_t slash = n->len, up, name, i;
	const char *path;

	while (slash > 0 && n->buf[slash - 1] != '/')
		slash--;
	up = slash > 1 ? slash - 1 : 1;
	dir = dlfm_image_entry(im, dlfm_image_find(im, n->buf, up));
	if (!dir || !(dir = dlfm_image_entry(im, dir->canon)))
		return 0;
	path = dlfm_entry_path(im, dir);
	name = n->len - slash;
	if (!path || (dir->path.len == up && dlfm_bytes_equal(path, n->buf, up)) ||
	    dir->path.len + 1 + name > sizeof(n->buf))
		return 0;
	up = dir->path.len > 1 ? dir->path.len + 1 : 1; /* behind the slash */
	if (up <= slash)
		for (i = 0; i < name; i++)
			n->buf[up + i] = n->buf[slash + i];
	else
		for (i = name; i > 0; i--)
			n->buf[up + i - 1] = n->buf[slash + i - 1];
	for (i = 0; i < dir->path.len; i++)
		n->buf[i] = path[i];
	n->buf[up - 1] = '/';
	n->len = up + name;
	return 1;
}

static int link_twin_touched(const struct dlfm_image *im, uint32_t i, uint32_t dir, unsigned mask)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[i];
	const char *path = dlfm_entry_path(im, e);
	struct dlfm_normal n;
	uint32_t twin;

	if (!path)
		return 1;
	__builtin_memcpy(n.buf, path, e->path.len);
	n.len = e->path.len;
	if (!dlfm_to_canonical_directory(im, &n))
		return 1;
	twin = dlfm_image_find(im, n.buf, n.len);
	return touched(im, twin == DLFM_NONE ? dir : twin, mask);
}

/*
 * A link itself is known by the same name in the canonical directory, too: it may have been changed there.
 */
static int link_changed(const struct dlfm_image *im, uint32_t i, unsigned mask)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[i],
				      *dir = dlfm_image_entry(im, e->parent);

	if (!dir || !dlfm_is_entry(im, dir->canon))
		return 1;
	return dir->canon != e->parent &&
	       (dlfm_counted(&im->dirty->link_marks) || link_twin_touched(im, i, dir->canon, mask));
}

static int changed(const struct dlfm_image *im, uint32_t named, int follow, unsigned mask)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[named];

	if (touched(im, named, mask))
		return 1;
	if (e->lerr == 0 && dlfm_is_type(e, DLFM_S_IFLNK)) {
		if (link_changed(im, named, mask))
			return 1;
		if (!follow)
			return 0;
	}
	if (e->canon != DLFM_NONE)
		return twin_touched(im, named, e->canon, mask);
	return e->lerr == 0 || absent_changed(im, named);
}

int dlfm_image_changed(const struct dlfm_image *im, uint32_t named, int follow)
{
	return changed(im, named, follow, ANY);
}

int dlfm_image_place_changed(const struct dlfm_image *im, uint32_t named)
{
	return changed(im, named, 1, DLFM_DIRTY_TREE);
}

static void count_once(uint32_t *counter, unsigned is_new)
{
	if (is_new || !dlfm_counted(counter))
		__atomic_add_fetch(counter, 1, __ATOMIC_RELEASE);
}

/* Whether what is known of the entry lets other answers lead through it. */
static int leads_on(const struct dlfm_image_entry *e)
{
	return !dlfm_is_known(e) ||
	       (e->lerr == 0 && (dlfm_is_type(e, DLFM_S_IFLNK) || dlfm_is_type(e, DLFM_S_IFDIR)));
}

static void mark_entry(const struct dlfm_image *im, uint32_t i, unsigned how)
{
	const struct dlfm_image_entry *e;
	struct dlfm_dirty_header *d = im->dirty;
	unsigned is_new;

	if (!dlfm_is_entry(im, i))
		return;
	e = &dlfm_entries(im)[i];
	if (how == DLFM_DIRTY_SELF && !(e->flags & (DLFM_ENTRY_KNOWN | DLFM_ENTRY_LIBDIR)))
		return; /* nothing is answered from it, and nothing else changes */
	is_new =
		how & ~__atomic_fetch_or(&im->dirty_bytes[i], (unsigned char)how, __ATOMIC_ACQ_REL);
	if ((e->flags & DLFM_ENTRY_LIBDIR) ||
	    ((how & DLFM_DIRTY_TREE) && (e->flags & DLFM_ENTRY_LIBDIR_ABOVE)))
		count_once(&d->lib_marks, is_new);
	if ((how & DLFM_DIRTY_TREE) && leads_on(e))
		count_once(&d->link_marks, is_new);
	if (how & DLFM_DIRTY_TREE)
		count_once(&d->tree_marks, is_new);
	count_once(&d->marks, is_new);
}

static void mark_known(const struct dlfm_image *im, uint32_t i, unsigned how)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[i], *twin;
	int is_link = e->lerr == 0 && dlfm_is_type(e, DLFM_S_IFLNK);

	mark_entry(im, i, how);
	if (how & DLFM_DIRTY_TREE)
		mark_entry(im, e->parent, DLFM_DIRTY_SELF);
	if (e->canon == i || ((how & DLFM_DIRTY_TREE) && is_link))
		return;
	twin = dlfm_image_entry(im, e->canon);
	if (!twin)
		return;
	mark_entry(im, e->canon, how);
	if (how & DLFM_DIRTY_TREE)
		mark_entry(im, twin->parent, DLFM_DIRTY_SELF);
}

/* A name without an entry: what changes is the listing of the nearest ancestor, if that did not
 * have it. */
static void mark_above(const struct dlfm_image *im, const char *path, size_t len)
{
	const struct dlfm_image_entry *e;
	size_t prefix;
	uint32_t i = dlfm_image_find_above(im, path, len, &prefix);
	size_t name;

	if (i == DLFM_NONE)
		return;
	e = &dlfm_entries(im)[i];
	name = path[prefix] == '/' ? prefix + 1 : prefix;
	if (name + dlfm_component(path, len, name) < len) {
		if (dlfm_image_lookup_normal(im, path, name + dlfm_component(path, len, name), 1)
			    .answer != DLFM_ABSENT)
			return;
	}
	mark_entry(im, i, DLFM_DIRTY_SELF);
	if (e->canon != i)
		mark_entry(im, e->canon, DLFM_DIRTY_SELF);
}

static void mark_normal(const struct dlfm_image *im, const char *path, size_t len, unsigned how)
{
	uint32_t i = dlfm_image_find(im, path, len);

	if (i != DLFM_NONE)
		mark_known(im, i, how);
	else if (how & DLFM_DIRTY_TREE)
		mark_above(im, path, len);
}

int dlfm_image_mark(const struct dlfm_image *im, const char *path, size_t len, unsigned how)
{
	struct dlfm_normal n;

	dlfm_image_normalise(im, path, len, &n);
	if (n.len == 0)
		return -1;
	mark_normal(im, n.buf, n.len, how);
	if (dlfm_to_canonical_directory(im, &n))
		mark_normal(im, n.buf, n.len, how);
	return 0;
}
