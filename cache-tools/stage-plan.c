/* SPDX-License-Identifier: BSD-3-Clause */
/* What the mirror tree will hold. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/stage-plan.h"

/* Links to directories that exist only for other links: how often to look again. */
enum { MAX_PASSES = 8 };

const char *dlfm_plan_name(const struct dlfm_cache_entry *entry)
{
	return strrchr(entry->path, '/') + 1;
}

int dlfm_plan_relative(char *text, size_t size, const char *dir, const char *to)
{
	size_t i, common = 0, n = 0, up = 0, len;

	if (strcmp(dir, "/") == 0)
		dir = "";
	if (strcmp(to, "/") == 0)
		to = "";
	for (i = 0; dir[i] && dir[i] == to[i]; i++)
		if (dir[i] == '/')
			common = i;
	if ((dir[i] == '\0' || dir[i] == '/') && (to[i] == '\0' || to[i] == '/'))
		common = i;
	for (i = common; dir[i]; i++)
		up += dir[i] == '/';
	to += common;
	to += *to == '/';
	len = strlen(to);
	if (3 * up + len + 2 > size)
		return -1;
	for (; up; up--, n += 3)
		memcpy(text + n, "../", 4);
	if (len)
		memcpy(text + n, to, len + 1);
	else if (n)
		text[n - 1] = '\0';
	else
		memcpy(text, ".", 2);
	return 0;
}

/* ---- files and directories ---- */

static int fits(const struct dlfm_cache_entry *entry, size_t root_len)
{
	return root_len + entry->path_len < PATH_MAX;
}

static int is_file(const struct dlfm_plan *p, uint32_t i, size_t root_len)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];

	return entry->canon == i && entry->content != DLFM_NONE && entry->lerr == 0 &&
	       S_ISREG(entry->st.mode) && fits(entry, root_len);
}

static void mark_directories(struct dlfm_plan *p, uint32_t i)
{
	while (!(p->flags[i] & DLFM_PLAN_DIR)) {
		p->flags[i] |= DLFM_PLAN_DIR;
		i = p->cache->entries[i].parent;
	}
}

static int by_content_and_inode(const void *a, const void *b, void *arg)
{
	const struct dlfm_cache *c = arg;
	const struct dlfm_plan_file *x = a, *y = b;
	const struct dlfm_image_stat *s = &c->entries[x->entry].st, *t = &c->entries[y->entry].st;

	if (x->content != y->content)
		return x->content < y->content ? -1 : 1;
	if (s->dev != t->dev)
		return s->dev < t->dev ? -1 : 1;
	if (s->ino != t->ino)
		return s->ino < t->ino ? -1 : 1;
	return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* Paths of one inode stay one file; files of equal contents stay several (ld.so tells objects by
 * dev and ino). */
static void find_hard_links(struct dlfm_plan *p)
{
	const struct dlfm_image_stat *s, *t;
	uint32_t i;

	for (i = 1; i < p->n_files; i++) {
		s = &p->cache->entries[p->files[i].entry].st;
		t = &p->cache->entries[p->files[i - 1].entry].st;
		if (p->files[i].content != p->files[i - 1].content || s->nlink < 2 ||
		    s->dev != t->dev || s->ino != t->ino || s->mode != t->mode)
			continue;
		p->files[i].same = p->files[i - 1].same != DLFM_NONE ? p->files[i - 1].same : i - 1;
	}
}

static void group_files(struct dlfm_plan *p)
{
	uint32_t i, c = 0;

	qsort_r(p->files, p->n_files, sizeof(*p->files), by_content_and_inode, (void *)p->cache);
	for (i = 0; i < p->n_files; i++)
		for (; c <= p->files[i].content; c++)
			p->first[c] = i;
	for (; c <= p->cache->n_contents; c++)
		p->first[c] = p->n_files;
	find_hard_links(p);
}

static int plan_files(struct dlfm_plan *p, size_t root_len, struct dlfm_error *e)
{
	const struct dlfm_cache *c = p->cache;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		if (!is_file(p, i, root_len))
			continue;
		p->files[p->n_files++] =
			(struct dlfm_plan_file){i, c->entries[i].content, DLFM_NONE};
		p->flags[i] |= DLFM_PLAN_FILE;
		mark_directories(p, c->entries[i].parent);
	}
	for (i = 0; i < c->n_entries; i++)
		if ((p->flags[i] & DLFM_PLAN_DIR) && (p->flags[i] & DLFM_PLAN_FILE))
			return dlfm_damaged(e, "%s is a file and a directory", c->entries[i].path);
	group_files(p);
	return 0;
}

/* ---- links ---- */

static int is_planned(const struct dlfm_plan *p, uint32_t i)
{
	return p->flags[i] & (DLFM_PLAN_DIR | DLFM_PLAN_FILE);
}

/* A link that came to something. */
static int is_link(const struct dlfm_cache_entry *entry)
{
	return entry->lerr == 0 && entry->err == 0 && entry->target && S_ISLNK(entry->st.mode) &&
	       entry->canon != DLFM_NONE;
}

static int in_real_directory(const struct dlfm_cache *c, const struct dlfm_cache_entry *entry)
{
	return c->entries[entry->parent].canon == entry->parent;
}

static int add_link(struct dlfm_plan *p, uint32_t dir, uint32_t entry, uint32_t target)
{
	char text[PATH_MAX];
	const struct dlfm_cache_entry *entries = p->cache->entries;
	struct dlfm_plan_link *more;
	uint32_t room;

	if (dlfm_plan_relative(text, sizeof(text), entries[dir].path, entries[target].path) < 0)
		return 0;
	if (p->n_links == p->max_links) {
		room = p->max_links + p->max_links / 2 + 64;
		more = realloc(p->links, room * sizeof(*more));
		if (!more)
			return -1;
		p->links = more;
		p->max_links = room;
	}
	p->links[p->n_links++] = (struct dlfm_plan_link){dir, entry, target};
	mark_directories(p, dir);
	return 1;
}

/* Links in real directories. One to a directory may need a directory that another link will make:
 * some passes. */
static int plan_links(struct dlfm_plan *p, unsigned char *done)
{
	const struct dlfm_cache *c = p->cache;
	int pass, added = 1, rc;
	uint32_t i;

	for (pass = 0; added && pass < MAX_PASSES; pass++) {
		for (added = 0, i = 0; i < c->n_entries; i++) {
			const struct dlfm_cache_entry *entry = &c->entries[i];

			if (done[i] || !is_link(entry) || !in_real_directory(c, entry) ||
			    !is_planned(p, entry->canon) ||
			    p->flags[entry->parent] & DLFM_PLAN_FILE)
				continue;
			rc = add_link(p, entry->parent, i, entry->canon);
			if (rc < 0)
				return -1;
			done[i] = rc;
			added |= rc;
		}
	}
	return 0;
}

/* ---- what each recorded spelling comes to ---- */

/* The entry of the same name in the real directory `dir`. */
static uint32_t twin(const struct dlfm_cache *c, const struct dlfm_cache_entry *entry, uint32_t dir)
{
	char path[2 * PATH_MAX];
	const struct dlfm_cache_entry *d = &c->entries[dir];
	int n;

	if (dir == entry->parent)
		return entry - c->entries;
	n = snprintf(path, sizeof(path), "%s/%s", d->path_len > 1 ? d->path : "",
		     dlfm_plan_name(entry));
	return n < 0 || n >= (int)sizeof(path) ? DLFM_NONE : dlfm_cache_find(c, path, n);
}

/* What root/<path> comes to; DLFM_NONE: nothing. real[] of the parent is known. -2: no memory. */
static int64_t come_to(struct dlfm_plan *p, uint32_t i, const uint32_t *real,
		       const unsigned char *linked)
{
	const struct dlfm_cache *c = p->cache;
	const struct dlfm_cache_entry *entry = &c->entries[i];
	uint32_t dir = real[entry->parent], x;
	int rc;

	if (entry->canon == i)
		return is_planned(p, i) ? i : DLFM_NONE;
	if (dir == DLFM_NONE || !(p->flags[dir] & DLFM_PLAN_DIR))
		return DLFM_NONE;
	x = twin(c, entry, dir);
	if (x != DLFM_NONE && linked[x])
		return c->entries[x].canon;
	if (x != DLFM_NONE && x != i)
		return is_planned(p, x) ? x : DLFM_NONE;
	/* A link that was met only by a way through another: its place is in the real directory. */
	if (x == i || !is_link(entry) || !is_planned(p, entry->canon))
		return DLFM_NONE;
	rc = add_link(p, dir, i, entry->canon);
	if (rc < 0)
		return -2;
	return rc == 0 ? DLFM_NONE : entry->canon;
}

static int mark_staged(struct dlfm_plan *p, size_t root_len, uint32_t *real,
		       const unsigned char *linked)
{
	const struct dlfm_cache *c = p->cache;
	int64_t to;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		to = come_to(p, i, real, linked);
		if (to == -2)
			return -1;
		real[i] = to;
		if (to != DLFM_NONE && p->flags[to] & DLFM_PLAN_FILE && c->entries[i].canon == to &&
		    fits(&c->entries[i], root_len))
			p->flags[i] |= DLFM_PLAN_STAGED;
	}
	return 0;
}

int dlfm_plan_make(struct dlfm_plan *p, const struct dlfm_cache *cache, size_t root_len,
		   struct dlfm_error *e)
{
	unsigned char *linked = calloc((size_t)cache->n_entries + 1, 1);
	uint32_t *real = calloc((size_t)cache->n_entries + 1, sizeof(*real));
	int rc = -1;

	*p = (struct dlfm_plan){.cache = cache};
	p->flags = calloc((size_t)cache->n_entries + 1, 1);
	p->files = calloc((size_t)cache->n_entries + 1, sizeof(*p->files));
	p->first = calloc((size_t)cache->n_contents + 1, sizeof(*p->first));
	if (!linked || !real || !p->flags || !p->files || !p->first) {
		dlfm_errf(e, "no memory for %u entries", cache->n_entries);
		goto fail;
	}
	if (plan_files(p, root_len, e) < 0)
		goto fail;
	if (plan_links(p, linked) < 0 || mark_staged(p, root_len, real, linked) < 0) {
		dlfm_errf(e, "no memory for links");
		goto fail;
	}
	rc = 0;
fail:
	free(linked);
	free(real);
	return rc;
}

void dlfm_plan_free(struct dlfm_plan *p)
{
	free(p->flags);
	free(p->files);
	free(p->first);
	free(p->links);
	memset(p, 0, sizeof(*p));
}
