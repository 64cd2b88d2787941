/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree of directories with their sums. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cache-tools/arena.h"
#include "cache-tools/cli/top.h"
#include "libdlfm/image.h"

void top_add(struct top_sum *to, const struct dlfm_history_path *p)
{
	to->lookups += p->lookups;
	to->failed += p->failed;
	to->bytes += p->size;
	to->paths++;
}

static uint32_t add_node(struct top_tree *t, uint32_t parent, const char *name, uint32_t len)
{
	uint32_t i = t->n;

	if (dlfm_grow(&t->nodes, i, &t->max, sizeof(*t->nodes)) < 0)
		return DLFM_NONE;
	t->nodes[i] = (struct top_node){
		.name = name, .len = len, .parent = parent, .child = DLFM_NONE, .next = DLFM_NONE};
	t->n++;
	if (parent != DLFM_NONE) { /* the newest child first: the one that comes again at once */
		t->nodes[i].next = t->nodes[parent].child;
		t->nodes[parent].child = i;
	}
	return i;
}

/* The child of that name, if it is the newest one: paths come in order. */
static uint32_t enter(struct top_tree *t, uint32_t dir, const char *name, uint32_t len)
{
	uint32_t child = t->nodes[dir].child;

	if (child != DLFM_NONE && t->nodes[child].len == len &&
	    memcmp(t->nodes[child].name, name, len) == 0)
		return child;
	return add_node(t, dir, name, len);
}

static int add_path(struct top_tree *t, const struct dlfm_history_path *p, const char *path)
{
	uint32_t at = 0, i;

	while (*path) {
		uint32_t len = (uint32_t)strcspn(path, "/");

		if (len)
			at = enter(t, at, path, len);
		if (at == DLFM_NONE)
			return -1;
		path += len + (path[len] == '/');
	}
	t->nodes[at].own += p->lookups;
	for (i = at; i != DLFM_NONE; i = t->nodes[i].parent)
		top_add(&t->nodes[i].sum, p);
	return 0;
}

/* ---- in order: without ".", "..", "//", and "/" before all other bytes ---- */

struct named {
	const char *path;
	const struct dlfm_history_path *p;
};

static char *normal(struct top_tree *t, const struct dlfm_history_path *p)
{
	char *text = dlfm_arena_text(t->arena, p->path, p->len), *to = text;
	const char *from = p->path;

	while (text && *from) {
		size_t len = strcspn(from, "/");

		if (len == 2 && memcmp(from, "..", 2) == 0) {
			while (to > text && *--to != '/')
				;
		} else if (len && !(len == 1 && *from == '.')) {
			*to++ = '/';
			memmove(to, from, len);
			to += len;
		}
		from += len + (from[len] == '/');
	}
	if (text)
		*to = 0;
	return text;
}

static int by_components(const void *a, const void *b)
{
	const unsigned char *x = (const void *)((const struct named *)a)->path,
			    *y = (const void *)((const struct named *)b)->path;

	while (*x && *x == *y) {
		x++;
		y++;
	}
	return (*x == '/' ? 1 : *x ? *x + 1 : 0) - (*y == '/' ? 1 : *y ? *y + 1 : 0);
}

static int add_all(struct top_tree *t, const struct dlfm_history *h)
{
	struct named *list = calloc((size_t)h->n + 1, sizeof(*list));
	int rc = list ? 0 : -1;
	uint32_t i;

	for (i = 0; i < h->n && rc == 0; i++) {
		list[i] = (struct named){normal(t, &h->paths[i]), &h->paths[i]};
		rc = list[i].path ? 0 : -1;
	}
	if (rc == 0 && h->n)
		qsort(list, h->n, sizeof(*list), by_components);
	for (i = 0; i < h->n && rc == 0; i++)
		if (list[i].p->lookups || list[i].p->size)
			rc = add_path(t, list[i].p, list[i].path);
	free(list);
	return rc;
}

/* ---- children by their lookups ---- */

struct order {
	uint64_t lookups;
	uint32_t node;
};

static int most_first(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->lookups != y->lookups)
		return x->lookups > y->lookups ? -1 : 1;
	return x->node < y->node ? -1 : 1;
}

static void sort_children(struct top_tree *t, uint32_t node, struct order *room)
{
	uint32_t i, n = 0, *link = &t->nodes[node].child;

	for (i = *link; i != DLFM_NONE; i = t->nodes[i].next)
		room[n++] = (struct order){t->nodes[i].sum.lookups, i};
	qsort(room, n, sizeof(*room), most_first);
	for (i = 0; i < n; i++) {
		*link = room[i].node;
		link = &t->nodes[*link].next;
	}
	*link = DLFM_NONE;
}

int top_tree_make(struct top_tree *t, const struct dlfm_history *h)
{
	struct order *room;
	uint32_t i;

	*t = (struct top_tree){.arena = dlfm_arena_new()};
	if (!t->arena || add_node(t, DLFM_NONE, "/", 1) == DLFM_NONE || add_all(t, h) < 0)
		return -1;
	room = calloc((size_t)t->n + 1, sizeof(*room));
	for (i = 0; room && i < t->n; i++)
		if (t->nodes[i].child != DLFM_NONE)
			sort_children(t, i, room);
	free(room);
	return room ? 0 : -1;
}

void top_tree_free(struct top_tree *t)
{
	free(t->nodes);
	dlfm_arena_free(t->arena);
}

uint32_t top_only_child(const struct top_tree *t, uint32_t node)
{
	uint32_t child = t->nodes[node].child;

	if (child == DLFM_NONE || t->nodes[child].child == DLFM_NONE)
		return DLFM_NONE;
	return t->nodes[child].sum.lookups >=
			       t->nodes[node].sum.lookups - t->nodes[node].sum.lookups / 50
		       ? child
		       : DLFM_NONE;
}
