/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walking paths as the kernel does, one name at a time, and keeping what was seen: the cache's entries are the memory of
 * the walk, so nothing is looked up twice.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/cache-format.h"
#include "cache-tools/pack-private.h"
#include "cache-tools/scan.h"

enum { MAX_LINKS = 40 }; /* path_resolution(7) */

struct walk {
	struct pack *p;
	unsigned flags; /* for every entry on the way */
	uint32_t at;	/* the entry that was reached */
	int links;	/* that are being followed */
	int failed;	/* no memory */
};

static uint32_t walk_names(struct walk *w, const char *path);

/* The entry of a path; the notes grow with the entries. */
static uint32_t get_entry(struct walk *w, const char *path, size_t len)
{
	struct pack *p = w->p;
	uint32_t i = dlfm_cache_add(p->cache, path, len), old = p->max_notes;
	struct note *notes;

	if (i == DLFM_NONE)
		goto fail;
	if (p->cache->max_entries > old) {
		notes = reallocarray(p->notes, p->cache->max_entries, sizeof(*notes));
		if (!notes)
			goto fail;
		/* analyzer: the notes become the pack's */
		memset(notes + old, 0, (p->cache->max_entries - old) * sizeof(*notes));
		p->notes = notes;
		p->max_notes = p->cache->max_entries;
	}
	return i;
fail:
	w->failed = 1;
	return DLFM_NONE;
}

/* The entry `name` below directory `dir`; DLFM_NONE if the path gets too long. */
static uint32_t get_child(struct walk *w, uint32_t dir, const char *name, size_t len)
{
	const struct dlfm_cache_entry *d = &w->p->cache->entries[dir];
	char path[DLFM_CACHE_MAX_PATH + 1];
	size_t n = d->path_len;

	if (len > 255 || n + 1 + len > DLFM_CACHE_MAX_PATH)
		return DLFM_NONE;
	memcpy(path, d->path, n);
	if (n > 1)
		path[n++] = '/';
	memcpy(path + n, name, len);
	return get_entry(w, path, n + len);
}

/* Follows the link at canonical place i; sets its err and canon. */
static int follow(struct walk *w, uint32_t i)
{
	struct dlfm_cache *c = w->p->cache;
	struct walk inner = {
		.p = w->p,
		.flags = w->flags,
		.at = c->entries[i].parent,
		.links = w->links + 1,
	};
	struct dlfm_cache_entry *entry;
	uint32_t end;

	w->p->notes[i].flags |= NOTE_LOOKING;
	end = inner.links > MAX_LINKS ? DLFM_NONE : walk_names(&inner, c->entries[i].target);
	w->p->notes[i].flags &= ~(unsigned)NOTE_LOOKING;
	w->failed |= inner.failed;
	entry = &c->entries[i];
	if (end != DLFM_NONE) {
		entry->canon = c->entries[end].canon;
		entry->err = c->entries[end].err;
		w->p->notes[i].flags |= w->p->notes[end].flags & NOTE_FAILED;
		return 0;
	}
	entry->canon = DLFM_NONE;
	if (inner.links > MAX_LINKS || (w->p->notes[inner.at].flags & NOTE_LOOKING))
		entry->err = ELOOP;
	else
		entry->err = c->entries[inner.at].err ? c->entries[inner.at].err : ENOTDIR;
	w->p->notes[i].flags |= w->p->notes[inner.at].flags & NOTE_FAILED;
	return w->failed ? -1 : 0;
}

/* Asks the file system about a canonical place (its directory is canonical). */
static int look(struct walk *w, uint32_t i)
{
	struct dlfm_cache *c = w->p->cache;
	struct dlfm_cache_entry *entry = &c->entries[i];
	struct dlfm_scan s;
	const char *name;
	int dir;

	if (w->p->notes[i].flags & (NOTE_LOOKED | NOTE_LOOKING))
		return 0;
	dir = dlfm_pack_reach(w->p, i, &name);
	dlfm_scan_at(&s, dir, name);
	w->p->notes[i].flags |= NOTE_LOOKED;
	entry->canon = i;
	entry->lerr = entry->err = s.lerr;
	if (s.lerr) {
		if (s.lerr != ENOENT)
			w->p->notes[i].flags |= NOTE_FAILED;
		return 0;
	}
	entry->st = s.st;
	if (!S_ISLNK(s.st.mode))
		return 0;
	entry->target = dlfm_cache_text(c, s.target, strlen(s.target));
	if (!entry->target) {
		w->failed = 1;
		return -1;
	}
	return follow(w, i);
}

/* Another spelling of a place says the same as the canonical one. */
static void copy_place(struct pack *p, uint32_t to, uint32_t from)
{
	struct dlfm_cache_entry *t = &p->cache->entries[to];
	const struct dlfm_cache_entry *f = &p->cache->entries[from];

	t->canon = f->canon;
	t->lerr = f->lerr;
	t->err = f->err;
	t->st = f->st;
	t->target = f->target;
	p->notes[to].flags |= p->notes[from].flags & (NOTE_LOOKED | NOTE_FAILED);
}

/* One name below w->at, which is a directory or leads to one. 0: w->at is its entry; -1: there is none. */
static int step(struct walk *w, const char *name, size_t len)
{
	struct pack *p = w->p;
	uint32_t dir = p->cache->entries[w->at].canon, place, spelled;

	if (dir == DLFM_NONE || !pack_is_dir(p, dir))
		return -1;
	place = get_child(w, dir, name, len);
	if (place == DLFM_NONE || look(w, place) < 0)
		return -1;
	p->cache->entries[place].flags |= w->flags;
	spelled = place;
	if (w->at != dir) {
		spelled = get_child(w, w->at, name, len);
		if (spelled == DLFM_NONE)
			return -1;
		p->cache->entries[spelled].flags |= w->flags;
		copy_place(p, spelled, place);
	}
	w->at = spelled;
	if (p->notes[place].flags & NOTE_LOOKING)
		return -1;
	return 0;
}

static int step_up(struct walk *w)
{
	uint32_t dir = w->p->cache->entries[w->at].canon;

	if (dir == DLFM_NONE || !pack_is_dir(w->p, dir))
		return -1;
	w->at = w->p->cache->entries[dir].parent;
	return 0;
}

static uint32_t root(struct walk *w)
{
	uint32_t i = get_entry(w, "/", 1);

	if (i == DLFM_NONE || look(w, i) < 0)
		return DLFM_NONE;
	w->p->cache->entries[i].flags |= w->flags;
	return i;
}

/* Walks from w->at, or from the root. Returns w->at, or DLFM_NONE if the way ends before the path does. */
static uint32_t walk_names(struct walk *w, const char *path)
{
	if (*path == '/') {
		w->at = root(w);
		if (w->at == DLFM_NONE)
			return DLFM_NONE;
	}
	while (*path) {
		size_t len = strcspn(path, "/");
		int rc = 0;

		if (len == 2 && path[0] == '.' && path[1] == '.')
			rc = step_up(w);
		else if (len > 0 && !(len == 1 && path[0] == '.'))
			rc = step(w, path, len);
		if (rc < 0)
			return DLFM_NONE;
		path += len;
		path += *path == '/';
	}
	return w->at;
}

uint32_t dlfm_pack_walk(struct pack *p, const char *path, unsigned flags, uint32_t *stopped,
			int *failed)
{
	struct walk w = {.p = p, .flags = flags, .at = DLFM_NONE};
	uint32_t end = *path == '/' ? walk_names(&w, path) : DLFM_NONE;

	*stopped = w.at;
	*failed = w.failed;
	if (w.failed)
		pack_no_memory(p);
	return end;
}

/* ---- what was asked of the paths ---- */

static unsigned note_flags(const struct asked *a)
{
	unsigned flags = 0;

	if (a->flags & ASKED_FOUND)
		flags |= NOTE_FOUND;
	if (a->flags & ASKED_TRY)
		flags |= NOTE_TRY;
	if (a->flags & ASKED_OBJECT)
		flags |= NOTE_OBJECT;
	if (a->flags & ASKED_MAIN)
		flags |= NOTE_MAIN;
	return flags;
}

static void add_note(struct pack *p, uint32_t i, const struct asked *a, unsigned ops)
{
	struct note *n = &p->notes[i];

	n->ops |= ops;
	n->flags |= note_flags(a);
	if (a->stats > n->stats)
		n->stats = a->stats;
	if (a->lists > n->lists)
		n->lists = a->lists;
}

/* The canonical place of a spelled entry's own name (of the link, if it is one). */
static uint32_t place_of(const struct pack *p, uint32_t i)
{
	const struct dlfm_cache *c = p->cache;
	const struct dlfm_cache_entry *entry = &c->entries[i];
	uint32_t dir = c->entries[entry->parent].canon;
	char path[DLFM_CACHE_MAX_PATH + 1];
	const char *name;
	int n;

	if (dir == entry->parent || dir == DLFM_NONE || i == 0)
		return i;
	name = strrchr(entry->path, '/') + 1;
	n = snprintf(path, sizeof(path), "%s%s%s", c->entries[dir].path, dir ? "/" : "", name);
	dir = n > 0 && (size_t)n < sizeof(path) ? dlfm_cache_find(c, path, (size_t)n) : DLFM_NONE;
	return dir == DLFM_NONE ? i : dir;
}

/* The run changed this name: neither it nor the listing of its directory belongs to a cache. */
static void note_written(struct pack *p, uint32_t i, const char *path)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	uint32_t place = place_of(p, i);

	if (dlfm_pack_is_bytecode(path) && entry->lerr == 0)
		return; /* byte code that an import left: as good as any other file, and looked up afresh */
	p->notes[place].flags |= NOTE_WRITTEN;
	if (entry->canon != DLFM_NONE)
		p->notes[entry->canon].flags |= NOTE_WRITTEN;
	if (!dlfm_pack_is_bytecode(path))
		p->notes[p->cache->entries[place].parent].flags |= NOTE_LIVE;
}

static void note_asked(struct pack *p, uint32_t i, const struct asked *a)
{
	const unsigned of_link = DLFM_OP_LSTAT | DLFM_OP_READLINK;
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];

	add_note(p, i, a, a->ops);
	add_note(p, place_of(p, i), a, a->ops);
	if (entry->canon != DLFM_NONE && entry->target)
		add_note(p, entry->canon, a, a->ops & ~of_link);
	if ((a->flags & ASKED_CWD) && entry->canon != DLFM_NONE)
		p->notes[entry->canon].flags |= NOTE_LIVE;
}

static int walk_asked(struct pack *p, const struct asked *a)
{
	uint32_t stopped, end;
	int failed;

	end = dlfm_pack_walk(p, a->path, 0, &stopped, &failed);
	if (failed)
		return -1;
	if ((a->flags & ASKED_WRITE) && end != DLFM_NONE)
		note_written(p, end, a->path);
	else if ((a->flags & ASKED_WRITE) && stopped != DLFM_NONE && p->cache->entries[stopped].err)
		note_written(p, stopped, a->path); /* with what the run made it in */
	if (end != DLFM_NONE) {
		note_asked(p, end, a);
	} else if (stopped != DLFM_NONE) {
		/* the first absent ancestor speaks for what was asked below it */
		struct asked above = {.flags = a->flags & (ASKED_TRY | ASKED_FOUND)};

		note_asked(p, stopped, &above);
		if (dlfm_pack_is_import_name(a->path))
			p->notes[place_of(p, stopped)].flags |= NOTE_IMPORT_NAME;
	}
	if (end != DLFM_NONE && dlfm_pack_is_import_name(a->path))
		p->notes[place_of(p, end)].flags |= NOTE_IMPORT_NAME;
	return 0;
}

int dlfm_pack_walk_all(struct pack *p)
{
	uint32_t i;

	for (i = 0; i < p->n_asked; i++) {
		if (walk_asked(p, &p->asked[i]) < 0)
			return -1;
		if (i % 64 == 0 && dlfm_pack_progress(p, "looking up paths", i, p->n_asked) < 0)
			return -1;
	}
	return 0;
}
