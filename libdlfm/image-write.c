/* SPDX-License-Identifier: BSD-3-Clause */
/* The index of a node image: sizes first, then one buffer, filled area by area. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdlfm/fingerprint.h"
#include "libdlfm/hash.h"
#include "libdlfm/image-write.h"
#include "libdlfm/intern.h"

struct writer {
	const struct dlfm_image_in *in;
	struct dlfm_strings strings;
	struct dlfm_image_entry *entries; /* the given ones and added ancestors */
	size_t n_entries, room;
	uint32_t *slots; /* of paths */
	size_t n_slots;
	struct dlfm_image_mount mounts[DLFM_MOUNT_LIMIT];
	size_t n_mounts;
	unsigned char *base; /* the index */
};

/* ---- paths ---- */

static int is_normal(struct dlfm_image_text p)
{
	const char *c, *next, *end = p.at + p.len;

	if (p.len == 0 || p.at[0] != '/' || memchr(p.at, '\0', p.len))
		return 0;
	for (c = p.at + 1; c < end; c = next + 1) {
		next = memchr(c, '/', end - c);
		if (!next)
			next = end;
		if (next == c || (next - c == 1 && c[0] == '.') ||
		    (next - c == 2 && c[0] == '.' && c[1] == '.'))
			return 0;
	}
	return p.len == 1 || end[-1] != '/';
}

static const char *path_of(const struct writer *w, uint32_t i)
{
	/* analyzer: new_entry() clears every entry */
	return w->strings.at + w->entries[i].path.offset;
}

/* The slot that holds the path, or the empty one where it belongs. */
static uint32_t *find_path(struct writer *w, const char *path, size_t len)
{
	size_t mask = w->n_slots - 1, s = dlfm_hash(path, len) & mask;

	for (; w->slots[s] != DLFM_NONE; s = (s + 1) & mask) {
		const struct dlfm_image_entry *e = &w->entries[w->slots[s]];

		if (e->path.len == len && memcmp(path_of(w, w->slots[s]), path, len) == 0)
			break;
	}
	return &w->slots[s];
}

static size_t slots_for(size_t n)
{
	size_t count = 8;

	while (count < 2 * n)
		count *= 2;
	return count;
}

static uint32_t *new_slots(size_t count)
{
	uint32_t *slots = malloc(count * sizeof(*slots));

	if (slots)
		memset(slots, 0xff, count * sizeof(*slots));
	return slots;
}

/* After more entries came than there are slots for. */
static int grow_slots(struct writer *w)
{
	size_t i;

	free(w->slots);
	w->n_slots *= 2;
	w->slots = new_slots(w->n_slots);
	if (!w->slots)
		return -1;
	for (i = 0; i < w->n_entries; i++)
		*find_path(w, path_of(w, i), w->entries[i].path.len) = i;
	return 0;
}

static struct dlfm_image_entry *new_entry(struct writer *w)
{
	struct dlfm_image_entry *more;

	if (w->n_entries == DLFM_NONE - 1) {
		errno = EOVERFLOW;
		return NULL;
	}
	if (w->n_entries == w->room) {
		w->room = w->room + w->room / 2 + 64;
		more = realloc(w->entries, w->room * sizeof(*more));
		if (!more)
			return NULL;
		w->entries = more;
	}
	memset(&w->entries[w->n_entries], 0, sizeof(*w->entries));
	return &w->entries[w->n_entries++];
}

/* An ancestor that was not given: it ties its children to their parents, no more. */
static int add_ancestor(struct writer *w, const char *path, size_t len, uint32_t *index)
{
	struct dlfm_image_entry *e = new_entry(w);
	struct dlfm_image_text text = {path, len};

	if (!e)
		return -1;
	*index = w->n_entries - 1;
	e->canon = *index;
	if (dlfm_intern(&w->strings, text.at, text.len, 0, &e->path) < 0)
		return -1;
	if (2 * w->n_entries > w->n_slots)
		return grow_slots(w);
	*find_path(w, path, len) = *index;
	return 0;
}

/* The strings may move when an ancestor is added: `path` is the caller's copy, or the input's. */
static int find_parent(struct writer *w, uint32_t i, const char *path, size_t len)
{
	uint32_t parent;

	for (;;) {
		size_t up = len;

		while (up > 1 && path[up - 1] != '/')
			up--;
		if (up > 1)
			up--;
		parent = *find_path(w, path, up);
		if (parent != DLFM_NONE) {
			w->entries[i].parent = parent;
			return 0;
		}
		if (add_ancestor(w, path, up, &parent) < 0)
			return -1;
		w->entries[i].parent = parent;
		if (up == 1) {
			w->entries[parent].parent = parent;
			return 0;
		}
		i = parent;
		len = up;
	}
}

/* ---- entries ---- */

static int check_entry(const struct dlfm_image_in *in, const struct dlfm_image_in_entry *from)
{
	if (!is_normal(from->path) || (from->canon != DLFM_NONE && from->canon >= in->n_entries) ||
	    from->first_name > in->n_names || from->n_names > in->n_names - from->first_name) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

static int add_entry(struct writer *w, const struct dlfm_image_in_entry *from)
{
	struct dlfm_image_entry *e;
	uint32_t *slot;

	if (check_entry(w->in, from) < 0)
		return -1;
	slot = find_path(w, from->path.at, from->path.len);
	if (*slot != DLFM_NONE) {
		errno = EINVAL;
		return -1;
	}
	e = new_entry(w);
	if (!e)
		return -1;
	*slot = w->n_entries - 1;
	e->canon = from->canon;
	e->flags = from->flags;
	e->lerr = from->lerr;
	e->err = from->err;
	e->first_name = from->first_name;
	e->n_names = from->n_names;
	e->st = from->st;
	if (dlfm_intern(&w->strings, from->path.at, from->path.len, from->flags & DLFM_ENTRY_STAGED,
			&e->path) < 0)
		return -1;
	return dlfm_intern(&w->strings, from->target.at, from->target.len, 0, &e->target);
}

/* An entry that only ties its children is a directory if one of them exists. */
static void find_directories(struct writer *w)
{
	uint32_t i, up;

	for (i = 0; i < w->n_entries; i++) {
		if (!(w->entries[i].flags & DLFM_ENTRY_KNOWN) || w->entries[i].lerr)
			continue;
		up = w->entries[i].parent;
		while (!(w->entries[up].flags & DLFM_ENTRY_KNOWN) && !w->entries[up].st.mode) {
			w->entries[up].st.mode = S_IFDIR;
			up = w->entries[up].parent;
		}
	}
}

static int add_entries(struct writer *w)
{
	const struct dlfm_image_in *in = w->in;
	size_t i;

	if (in->n_entries >= DLFM_NONE - 1) {
		errno = EOVERFLOW;
		return -1;
	}
	w->room = in->n_entries + 16;
	w->entries = malloc(w->room * sizeof(*w->entries));
	w->n_slots = slots_for(w->room);
	w->slots = new_slots(w->n_slots);
	if (!w->entries || !w->slots)
		return -1;
	for (i = 0; i < in->n_entries; i++)
		if (add_entry(w, &in->entries[i]) < 0)
			return -1;
	for (i = 0; i < in->n_entries; i++)
		if (find_parent(w, i, in->entries[i].path.at, in->entries[i].path.len) < 0)
			return -1;
	find_directories(w);
	return 0;
}

/* ---- listings, resolutions ---- */

/* readdir's inode of a name is what lstat of it answers, where an entry does. */
static int set_inodes(struct writer *w, uint32_t dir, struct dlfm_image_name *names)
{
	const struct dlfm_image_entry *d = &w->entries[dir], *e;
	const struct dlfm_image_in_name *name;
	size_t len = d->path.len > 1 ? d->path.len : 0, room = len + 256, i;
	char *path = malloc(room);
	uint32_t child;

	if (!path)
		return -1;
	memcpy(path, path_of(w, dir), len);
	path[len] = '/';
	for (i = d->first_name; i < (size_t)d->first_name + d->n_names; i++) {
		name = &w->in->names[i];
		if (len + 1 + name->name.len > room)
			continue; /* longer than NAME_MAX */
		memcpy(path + len + 1, name->name.at, name->name.len);
		child = *find_path(w, path, len + 1 + name->name.len);
		e = child == DLFM_NONE ? NULL : &w->entries[child];
		if (e && e->flags & DLFM_ENTRY_KNOWN && e->lerr == 0)
			names[i].ino = e->st.ino;
	}
	free(path);
	return 0;
}

static int add_names(struct writer *w, struct dlfm_image_name *names)
{
	const struct dlfm_image_in_name *from;
	size_t i;

	for (i = 0; i < w->in->n_names; i++) {
		from = &w->in->names[i];
		names[i].ino = from->ino;
		names[i].type = from->type;
		names[i].hash = (uint32_t)dlfm_hash(from->name.at, from->name.len);
		if (dlfm_intern(&w->strings, from->name.at, from->name.len, 0, &names[i].name) < 0)
			return -1;
	}
	for (i = 0; i < w->in->n_entries; i++)
		if (w->entries[i].flags & DLFM_ENTRY_LISTED && set_inodes(w, i, names) < 0)
			return -1;
	return 0;
}

static size_t n_listed(const struct writer *w)
{
	size_t i, n = 0;

	for (i = 0; i < w->in->n_entries; i++)
		if (w->entries[i].flags & DLFM_ENTRY_LISTED)
			n += w->entries[i].n_names;
	return n;
}

static void add_name_slots(const struct writer *w, const struct dlfm_image_name *names,
			   uint32_t *slots, size_t n_slots)
{
	const struct dlfm_image_entry *e;
	size_t i, k, s;

	memset(slots, 0xff, n_slots * sizeof(*slots));
	for (i = 0; i < w->in->n_entries; i++) {
		e = &w->entries[i];
		for (k = 0; k < (e->flags & DLFM_ENTRY_LISTED ? e->n_names : 0); k++) {
			s = dlfm_name_hash(i, names[e->first_name + k].hash) & (n_slots - 1);
			while (slots[s] != DLFM_NONE)
				s = (s + 1) & (n_slots - 1);
			slots[s] = e->first_name + k;
		}
	}
}

static int add_resolution(struct writer *w, const struct dlfm_image_in_resolution *from,
			  struct dlfm_image_resolution *r)
{
	if (from->table >= w->in->n_tables || from->first_guard > w->in->n_guards ||
	    from->n_guards > w->in->n_guards - from->first_guard) {
		errno = EINVAL;
		return -1;
	}
	r->hash = dlfm_resolution_hash(from->table,
				       dlfm_hash(from->requester.at, from->requester.len),
				       dlfm_hash(from->name.at, from->name.len));
	r->table = from->table;
	r->flags = from->flags;
	r->first_guard = from->first_guard;
	r->n_guards = from->n_guards;
	if (dlfm_intern(&w->strings, from->requester.at, from->requester.len, 0, &r->requester) < 0)
		return -1;
	if (dlfm_intern(&w->strings, from->name.at, from->name.len, 0, &r->name) < 0)
		return -1;
	return dlfm_intern(&w->strings, from->answer.at, from->answer.len,
			   from->flags & DLFM_ENTRY_STAGED, &r->answer);
}

static int add_resolutions(struct writer *w, struct dlfm_image_resolution *resolutions,
			   uint32_t *slots, size_t n_slots)
{
	size_t i, s;

	memset(slots, 0xff, n_slots * sizeof(*slots));
	for (i = 0; i < w->in->n_resolutions; i++) {
		if (add_resolution(w, &w->in->resolutions[i], &resolutions[i]) < 0)
			return -1;
		s = resolutions[i].hash & (n_slots - 1);
		while (slots[s] != DLFM_NONE)
			s = (s + 1) & (n_slots - 1);
		slots[s] = i;
	}
	return 0;
}

static int add_guards(struct writer *w, struct dlfm_image_string *guards)
{
	size_t i;

	for (i = 0; i < w->in->n_guards; i++)
		if (dlfm_intern(&w->strings, w->in->guards[i].at, w->in->guards[i].len, 0,
				&guards[i]) < 0)
			return -1;
	return 0;
}

/* ---- mounts ---- */

/* Those where something is recorded. A mount has the number of its entry until set_mounts(). */
static void add_mounts(struct writer *w)
{
	for (size_t i = 0; i < w->n_entries; i++)
		w->entries[i].mount = DLFM_NONE;
	for (size_t i = 0; i < w->in->n_mounts && w->n_mounts < DLFM_MOUNT_LIMIT; i++) {
		const struct dlfm_image_in_mount *m = &w->in->mounts[i];
		const uint32_t entry = *find_path(w, m->path.at, m->path.len);

		if (entry == DLFM_NONE || w->entries[entry].mount != DLFM_NONE)
			continue;
		w->entries[entry].mount = (uint32_t)w->n_mounts;
		w->mounts[w->n_mounts++] = (struct dlfm_image_mount){
			.path = w->entries[entry].path, .dev = m->dev, .ino = m->ino};
	}
}

/* Every entry gets its nearest mount: the one of its nearest ancestor that is one. */
static void set_mounts(struct writer *w)
{
	for (size_t i = 0; i < w->n_entries && w->n_mounts > 0; i++) {
		uint32_t up = (uint32_t)i;

		while (w->entries[up].mount == DLFM_NONE && w->entries[up].parent != up)
			up = w->entries[up].parent;
		w->entries[i].mount = w->entries[up].mount;
	}
}

/* ---- the index ---- */

static void place(struct dlfm_image_area *area, uint64_t *end, uint64_t count, size_t element)
{
	area->offset = *end;
	area->count = count;
	*end = (*end + count * element + 7) & ~(uint64_t)7;
}

/* Everything but the strings, which come last, has its size by now. */
static void lay_out(const struct writer *w, struct dlfm_image_header *h)
{
	const struct dlfm_image_in *in = w->in;

	h->size = (sizeof(*h) + 7) & ~(uint64_t)7;
	place(&h->path_slots, &h->size, w->n_slots, sizeof(uint32_t));
	place(&h->entries, &h->size, w->n_entries, sizeof(struct dlfm_image_entry));
	place(&h->names, &h->size, in->n_names, sizeof(struct dlfm_image_name));
	place(&h->name_slots, &h->size, slots_for(n_listed(w)), sizeof(uint32_t));
	place(&h->tables, &h->size, in->n_tables, sizeof(struct dlfm_image_table));
	place(&h->res_slots, &h->size, slots_for(in->n_resolutions), sizeof(uint32_t));
	place(&h->resolutions, &h->size, in->n_resolutions, sizeof(struct dlfm_image_resolution));
	place(&h->guards, &h->size, in->n_guards, sizeof(struct dlfm_image_string));
	place(&h->mounts, &h->size, w->n_mounts, sizeof(struct dlfm_image_mount));
	h->strings.offset = h->size;
}

static void fill_header(const struct writer *w, struct dlfm_image_header *h)
{
	struct stat slash = {0}; /* if this fails, the image is used by nobody */
	struct stat ns = {0};

	(void)!stat("/", &slash);
	(void)!stat("/proc/self/ns/mnt", &ns);
	memcpy(h->magic, DLFM_IMAGE_MAGIC, sizeof(h->magic));
	h->byte_order = DLFM_IMAGE_BYTE_ORDER;
	h->version = DLFM_IMAGE_VERSION;
	memcpy(h->cache_id, w->in->cache_id, sizeof(h->cache_id));
	h->packer_uid = w->in->packer_uid;
	h->root_len = w->strings.root_len;
	h->static_tls = w->in->static_tls;
	h->hwcaps = dlfm_hwcaps_level();
	h->root_dev = slash.st_dev;
	h->root_ino = slash.st_ino;
	h->mount_ns = ns.st_ino;
}

static int fill(struct writer *w, struct dlfm_image_header *h)
{
	unsigned char *base = w->base;
	struct dlfm_image_table *tables = (void *)(base + h->tables.offset);
	size_t i;

	for (i = 0; i < w->in->n_tables; i++)
		tables[i].fingerprint = w->in->fingerprints[i];
	if (add_names(w, (void *)(base + h->names.offset)) < 0)
		return -1;
	add_name_slots(w, (void *)(base + h->names.offset), (void *)(base + h->name_slots.offset),
		       h->name_slots.count);
	if (add_resolutions(w, (void *)(base + h->resolutions.offset),
			    (void *)(base + h->res_slots.offset), h->res_slots.count) < 0 ||
	    add_guards(w, (void *)(base + h->guards.offset)) < 0)
		return -1;
	memcpy(base + h->path_slots.offset, w->slots, w->n_slots * sizeof(*w->slots));
	memcpy(base + h->entries.offset, w->entries, w->n_entries * sizeof(*w->entries));
	memcpy(base + h->mounts.offset, w->mounts, w->n_mounts * sizeof(*w->mounts));
	return 0;
}

static int finish(struct writer *w, struct dlfm_image_header *h, void **index, size_t *size)
{
	uint64_t end = h->strings.offset;
	unsigned char *whole;

	place(&h->strings, &end, w->strings.len, 1);
	h->size = end;
	whole = realloc(w->base, end);
	if (!whole)
		return -1;
	w->base = NULL;
	memset(whole + h->strings.offset, 0, end - h->strings.offset);
	memcpy(whole + h->strings.offset, w->strings.at, w->strings.len);
	memcpy(whole, h, sizeof(*h));
	*index = whole;
	*size = end;
	return 0;
}

int dlfm_image_write(const struct dlfm_image_in *in, const char *root, void **index, size_t *size)
{
	struct writer w = {.in = in};
	struct dlfm_image_header h = {.version = 0};
	int rc = -1;

	if (dlfm_strings_start(&w.strings, root) < 0 || add_entries(&w) < 0)
		goto fail;
	add_mounts(&w);
	set_mounts(&w);
	fill_header(&w, &h);
	lay_out(&w, &h);
	w.base = calloc(1, h.size);
	if (!w.base || fill(&w, &h) < 0)
		goto fail;
	rc = finish(&w, &h, index, size);
fail:
	dlfm_strings_free(&w.strings);
	free(w.entries);
	free(w.slots);
	free(w.base);
	return rc;
}

/* ---- files ---- */

static int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	for (; size; at += n, size -= n) {
		n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return -1;
	}
	return 0;
}

/* A file of `size` bytes whose blocks exist (a full tmpfs must not become a SIGBUS), beginning with
 * `data`. */
static int make_file(int dirfd, const char *name, mode_t mode, const void *data, size_t len,
		     size_t size)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int saved;

	if (fd < 0)
		return -1;
	errno = posix_fallocate(fd, 0, size);
	if (errno == 0 && write_all(fd, data, len) == 0)
		return close(fd);
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int dlfm_image_write_files(int dirfd, const struct dlfm_image_in *in, const char *root)
{
	struct dlfm_dirty_header dirty = {.magic = DLFM_DIRTY_MAGIC};
	const struct dlfm_image_header *h;
	void *index;
	size_t size;
	int rc;

	if (dlfm_image_write(in, root, &index, &size) < 0)
		return -1;
	h = index;
	dirty.n_entries = h->entries.count;
	rc = make_file(dirfd, "index", 0400, index, size, size);
	if (rc == 0)
		rc = make_file(dirfd, "dirty", 0600, &dirty, sizeof(dirty),
			       sizeof(dirty) + dirty.n_entries);
	free(index);
	return rc;
}
