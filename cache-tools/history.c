/* SPDX-License-Identifier: BSD-3-Clause */
/* A history in memory, and what journals add to it. */
#include "config.h"

#include "cache-tools/history.h"

#include <stdlib.h>
#include <string.h>

#include "cache-tools/arena.h"
#include "libdlfm/hash.h"
#include "libdlfm/image.h"

struct dlfm_history_private {
	struct dlfm_arena *arena;
	struct dlfm_index_set set;
};

struct dlfm_history *dlfm_history_new(void)
{
	struct dlfm_history *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->own = calloc(1, sizeof(*h->own));
	if (h->own)
		h->own->arena = dlfm_arena_new();
	if (h->own && h->own->arena)
		return h;
	dlfm_history_free(h);
	return NULL;
}

void dlfm_history_free(struct dlfm_history *h)
{
	if (!h)
		return;
	if (h->own) {
		dlfm_arena_free(h->own->arena);
		dlfm_index_clear(&h->own->set);
	}
	free(h->own);
	free(h->paths);
	free(h);
}

struct key {
	const struct dlfm_history *h;
	const char *path;
	size_t len;
};

static int same(const void *arg, uint32_t i)
{
	const struct key *key = arg;
	const struct dlfm_history_path *p = &key->h->paths[i];

	return p->len == key->len && memcmp(p->path, key->path, key->len) == 0;
}

static uint32_t find(const struct dlfm_history *h, const char *path, size_t len)
{
	const struct key key = {h, path, len};

	return dlfm_index_find(&h->own->set, dlfm_hash(path, len), same, &key);
}

struct dlfm_history_path *dlfm_history_find(const struct dlfm_history *h, const char *path)
{
	uint32_t i = find(h, path, strlen(path));

	return i == DLFM_NONE ? NULL : &h->paths[i];
}

struct dlfm_history_path *dlfm_history_path(struct dlfm_history *h, const char *path, size_t len)
{
	uint32_t i = find(h, path, len);
	const char *text;

	if (i != DLFM_NONE)
		return &h->paths[i];
	text = dlfm_arena_text(h->own->arena, path, len);
	if (!text || dlfm_grow(&h->paths, h->n, &h->max, sizeof(*h->paths)) < 0 ||
	    dlfm_index_add(&h->own->set, dlfm_hash(path, len), h->n) < 0)
		return NULL;
	h->paths[h->n] = (struct dlfm_history_path){
		.path = text, .len = (uint32_t)len, .why = DLFM_NOT_LEFT_OUT};
	return &h->paths[h->n++];
}

static int by_path(const void *a, const void *b)
{
	const struct dlfm_history_path *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int dlfm_history_sort(struct dlfm_history *h)
{
	uint32_t i;

	if (h->n)
		qsort(h->paths, h->n, sizeof(*h->paths), by_path);
	dlfm_index_clear(&h->own->set);
	for (i = 0; i < h->n; i++)
		if (dlfm_index_add(&h->own->set, dlfm_hash(h->paths[i].path, h->paths[i].len), i) <
		    0)
			return -1;
	return 0;
}

int dlfm_history_merge(struct dlfm_history *h, const struct dlfm_history *from)
{
	uint32_t i;

	for (i = 0; i < from->n; i++) {
		const struct dlfm_history_path *f = &from->paths[i];
		struct dlfm_history_path *t = dlfm_history_path(h, f->path, f->len);

		if (!t)
			return -1;
		if (f->lookups > t->lookups)
			t->lookups = f->lookups;
		if (f->failed > t->failed)
			t->failed = f->failed;
		if (f->size > t->size)
			t->size = f->size;
		t->flags |= f->flags;
		if (t->why == DLFM_NOT_LEFT_OUT)
			t->why = f->why;
	}
	return 0;
}

/* ---- journals ---- */

static int add(struct dlfm_history *h, const char *path, size_t len, uint64_t lookups,
	       uint64_t failed, unsigned flags)
{
	struct dlfm_history_path *p;

	if (len == 0 || path[0] != '/')
		return 0;
	p = dlfm_history_path(h, path, len);
	if (!p)
		return -1;
	p->lookups += lookups;
	p->failed += failed;
	p->flags |= flags;
	return 0;
}

static int take_mapped(struct dlfm_history *h, const struct dlfm_journal_line *line)
{
	if (line->ops & DLFM_OBJECT_MAIN) /* the kernel opened it */
		return add(h, line->a, line->a_len, 0, 0, 0);
	return add(h, line->a, line->a_len, 0, 0, DLFM_HISTORY_MAPPED | DLFM_HISTORY_OPENED);
}

static int take_call(struct dlfm_history *h, const struct dlfm_journal_line *line)
{
	const int found = line->err == 0;
	unsigned flags = DLFM_HISTORY_CALLS;

	if (found && (line->ops & DLFM_OP_OPEN))
		flags |= DLFM_HISTORY_OPENED;
	if (found && (line->ops & (DLFM_OP_LIST | DLFM_OP_CHDIR)))
		flags |= DLFM_HISTORY_DIRECTORY;
	return add(h, line->a, line->a_len, line->count, found ? 0 : line->count, flags);
}

static int is_mapped(const struct dlfm_history *h, const char *path)
{
	const struct dlfm_history_path *p = dlfm_history_find(h, path);

	return p && (p->flags & DLFM_HISTORY_MAPPED);
}

/* An open(2) by ld.so: of a candidate, or of a name that is a path. It found what it mapped. */
static int take_open(struct dlfm_history *h, const char *path, size_t len)
{
	return add(h, path, len, 1, !is_mapped(h, path), DLFM_HISTORY_LD);
}

static int take_line(struct dlfm_history *h, const struct dlfm_journal_line *line)
{
	switch (line->kind) {
	case DLFM_REC_PATH:
		return take_call(h, line);
	case DLFM_REC_SEARCH: /* a name without a slash is followed by its candidates */
		return take_open(h, line->b, line->b_len);
	case DLFM_REC_TRY:
		return take_open(h, line->a, line->a_len);
	default:
		return 0;
	}
}

int dlfm_history_take(struct dlfm_history *h, const struct dlfm_journal_copy *j)
{
	struct dlfm_journal_line line;
	size_t at = j->first;

	while (dlfm_journal_next(j, &at, &line))
		if (line.kind == DLFM_REC_OBJECT && !dlfm_journal_is_own(&line) &&
		    take_mapped(h, &line) < 0)
			return -1;
	at = j->first;
	while (dlfm_journal_next(j, &at, &line))
		if (!dlfm_journal_is_own(&line) && take_line(h, &line) < 0)
			return -1;
	return 0;
}
