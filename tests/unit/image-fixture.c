/* SPDX-License-Identifier: BSD-3-Clause */
/* Images made by hand: see image-fixture.h. Areas have room for a fixed number of elements. */
#include <assert.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libdlfm/hash.h"
#include "tests/unit/image-fixture.h"

enum { MAX_ENTRIES = 256, SLOTS = 512, MAX_NAMES = 4096, STRINGS = 1 << 18 };

struct layout {
	struct dlfm_image_header header;
	uint32_t slots[SLOTS], name_slots[SLOTS], res_slots[2];
	struct dlfm_image_entry entries[MAX_ENTRIES];
	struct dlfm_image_name names[MAX_NAMES];
	char strings[STRINGS];
};

struct dirty {
	struct dlfm_dirty_header header;
	unsigned char bytes[MAX_ENTRIES];
};

static struct dlfm_image_string add_string(struct layout *l, const char *s, size_t len)
{
	struct dlfm_image_string r = {.offset = (uint32_t)l->header.strings.count,
				      .len = (uint32_t)len};

	assert(r.offset + len + 1 < STRINGS);
	memcpy(l->strings + r.offset, s, len);
	l->header.strings.count += len + 1;
	return r;
}

static struct dlfm_image_string add_path(struct layout *l, const char *root, const char *path)
{
	struct dlfm_image_string r = add_string(l, root, strlen(root));

	l->header.strings.count--;
	r = add_string(l, path, strlen(path));
	return r;
}

static void add_name_slot(struct layout *l, uint32_t dir, uint32_t name)
{
	uint64_t at = dlfm_name_hash(dir, l->names[name].hash);

	while (l->name_slots[at % SLOTS] != DLFM_NONE)
		at++;
	l->name_slots[at % SLOTS] = name;
}

static void add_names(struct layout *l, struct dlfm_image_entry *e, const char *names)
{
	const char *end;

	e->first_name = (uint32_t)l->header.names.count;
	e->flags |= DLFM_ENTRY_LISTED;
	for (; *names; names = *end ? end + 1 : end) {
		struct dlfm_image_name *n = &l->names[l->header.names.count++];

		end = names + strcspn(names, " ");
		n->name = add_string(l, names, (size_t)(end - names));
		n->type = DT_REG;
		n->ino = 4711;
		n->hash = (uint32_t)dlfm_hash(names, (size_t)(end - names));
		e->n_names++;
		add_name_slot(l, (uint32_t)(e - l->entries), (uint32_t)(n - l->names));
	}
}

static uint32_t find(const struct fixture_path *paths, size_t n, const char *path, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(paths[i].path) == len && !memcmp(paths[i].path, path, len))
			return (uint32_t)i;
	return DLFM_NONE;
}

static uint32_t parent_of(const struct fixture_path *paths, size_t n, const char *path)
{
	size_t len = (size_t)(strrchr(path, '/') - path);
	uint32_t i = find(paths, n, path, len ? len : 1);

	assert(i != DLFM_NONE);
	return i;
}

static void add_entry(struct layout *l, const char *root, const struct fixture_path *paths,
		      size_t n, uint32_t i)
{
	const struct fixture_path *p = &paths[i];
	struct dlfm_image_entry *e = &l->entries[i];
	uint64_t at = dlfm_hash(p->path, strlen(p->path));

	e->path = add_path(l, root, p->path);
	e->parent = parent_of(paths, n, p->path);
	e->lerr = p->lerr;
	e->err = p->lerr ? p->lerr : p->err;
	e->canon = p->canon ? find(paths, n, p->canon, strlen(p->canon)) : e->err ? DLFM_NONE : i;
	e->flags = p->flags & FIXTURE_TIE ? p->flags & ~FIXTURE_TIE : p->flags | DLFM_ENTRY_KNOWN;
	e->st = (struct dlfm_image_stat){
		.dev = 42, .ino = 1000 + i, .mode = p->mode, .access = 5, .nlink = 1};
	if (p->target)
		e->target = add_string(l, p->target, strlen(p->target));
	if (p->names)
		add_names(l, e, p->names);
	while (l->slots[at % SLOTS] != DLFM_NONE)
		at++;
	l->slots[at % SLOTS] = i;
}

static void set_header(struct layout *l, const char *root)
{
	struct dlfm_image_header *h = &l->header;

	memcpy(h->magic, DLFM_IMAGE_MAGIC, sizeof(h->magic));
	h->byte_order = DLFM_IMAGE_BYTE_ORDER;
	h->version = DLFM_IMAGE_VERSION;
	h->size = sizeof(*l);
	h->root_len = (uint32_t)strlen(root);
	h->path_slots = (struct dlfm_image_area){offsetof(struct layout, slots), SLOTS};
	h->name_slots = (struct dlfm_image_area){offsetof(struct layout, name_slots), SLOTS};
	h->res_slots = (struct dlfm_image_area){offsetof(struct layout, res_slots), 2};
	h->entries = (struct dlfm_image_area){offsetof(struct layout, entries), 0};
	h->names = (struct dlfm_image_area){offsetof(struct layout, names), 0};
	h->tables = h->resolutions = h->guards = h->mounts = h->names;
	h->strings = (struct dlfm_image_area){offsetof(struct layout, strings), 0};
	memset(l->slots, 0xff, sizeof(l->slots));
	memset(l->name_slots, 0xff, sizeof(l->name_slots));
	memset(l->res_slots, 0xff, sizeof(l->res_slots));
}

void fixture_make(struct fixture *f, const char *root, const struct fixture_path *paths, size_t n)
{
	struct layout *l = calloc(1, sizeof(*l));
	struct dirty *d = calloc(1, sizeof(*d));

	assert(l && d && n <= MAX_ENTRIES);
	set_header(l, root);
	for (uint32_t i = 0; i < n; i++)
		add_entry(l, root, paths, n, i);
	l->header.entries.count = n;
	memcpy(d->header.magic, DLFM_DIRTY_MAGIC, sizeof(d->header.magic));
	d->header.n_entries = n;
	f->index = l;
	f->index_size = sizeof(*l);
	f->dirty = d;
	f->dirty_size = sizeof(*d);
	if (dlfm_image_attach(&f->image, l, sizeof(*l), d, sizeof(*d)) < 0)
		abort();
}

void fixture_clean(struct fixture *f)
{
	struct dirty *d = f->dirty;

	memset(d->bytes, 0, sizeof(d->bytes));
	d->header.marks = d->header.tree_marks = d->header.link_marks = d->header.lib_marks = 0;
}

void fixture_free(struct fixture *f)
{
	free(f->index);
	free(f->dirty);
}
