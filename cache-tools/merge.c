/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging caches. The newest comes first; what an older one adds must not contradict it. */
#include "config.h"

#include "cache-tools/merge.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/history.h"
#include "cache-tools/job-option.h"

struct merge {
	struct dlfm_cache *c; /* the union so far */
	struct dlfm_cache_writer *w;
	const struct dlfm_cache_file *f; /* that is being added */
	uint32_t *place;		 /* of each of its entries, in c */
	int lib_changed; /* a searched directory differs: its resolutions may not hold */
	struct dlfm_error *e;
};

static int no_memory(struct merge *m)
{
	return dlfm_errf(m->e, "no memory to merge");
}

static int is_directory(const struct dlfm_cache_entry *entry)
{
	return entry->lerr == 0 && S_ISDIR(entry->st.mode);
}

/* Links and directories are what other entries hang on. */
static int contradict(const struct dlfm_cache_entry *a, const struct dlfm_cache_entry *b)
{
	if (!(a->flags & b->flags & DLFM_ENTRY_KNOWN))
		return 0;
	if (!a->target != !b->target || (a->target && strcmp(a->target, b->target) != 0))
		return 1;
	return is_directory(a) != is_directory(b);
}

static int copy_names(struct merge *m, struct dlfm_cache_entry *to,
		      const struct dlfm_cache_entry *from)
{
	struct dlfm_cache_name *names = dlfm_cache_alloc(m->c, from->n_names * sizeof(*names));
	uint32_t i;

	if (!names)
		return no_memory(m);
	for (i = 0; i < from->n_names; i++) {
		names[i] = from->names[i];
		names[i].name = dlfm_cache_text(m->c, from->names[i].name, from->names[i].len);
		if (!names[i].name)
			return no_memory(m);
	}
	to->names = names;
	to->n_names = from->n_names;
	return 0;
}

static int copy_entry(struct merge *m, uint32_t at, const struct dlfm_cache_entry *from)
{
	struct dlfm_cache_entry *to = &m->c->entries[at];
	int64_t content = DLFM_NONE;

	if (from->content != DLFM_NONE) {
		content = dlfm_writer_copy(m->w, m->c, m->f, from->content, m->e);
		if (content < 0)
			return -1;
	}
	to->flags |= from->flags;
	to->lerr = from->lerr;
	to->err = from->err;
	to->st = from->st;
	to->content = (uint32_t)content;
	if (from->target) {
		to->target = dlfm_cache_text(m->c, from->target, strlen(from->target));
		if (!to->target)
			return no_memory(m);
	}
	return from->n_names ? copy_names(m, to, from) : 0;
}

/* Does the older cache say something of a searched directory that the newer one does not? */
static int is_lib_change(const struct merge *m, const struct dlfm_cache_entry *new,
			 const struct dlfm_cache_entry *old)
{
	const struct dlfm_cache *c = m->f->cache;
	const struct dlfm_cache_entry *dir = &c->entries[old->parent];

	if (!(new->flags & old->flags &DLFM_ENTRY_KNOWN))
		return 0;
	return !new->lerr != !old->lerr &&
	       ((old->flags | dir->flags) & (DLFM_ENTRY_LIBDIR | DLFM_ENTRY_LIBDIR_ABOVE));
}

static int add_entry(struct merge *m, uint32_t i)
{
	const struct dlfm_cache_entry *from = &m->f->cache->entries[i];
	uint32_t at = m->place[i];
	struct dlfm_cache_entry *to = &m->c->entries[at];
	const unsigned lib = DLFM_ENTRY_LIBDIR | DLFM_ENTRY_LIBDIR_ABOVE;

	if (contradict(to, from))
		return dlfm_errf(
			m->e,
			"%s: the caches disagree on what %s is; bring the older one up to date "
			"(dlfm refresh) or record it anew, then merge",
			m->f->name, from->path);
	if (from->canon != DLFM_NONE && to->canon == DLFM_NONE)
		to->canon = m->place[from->canon];
	m->lib_changed |= is_lib_change(m, to, from);
	to->flags |= from->flags & lib;
	if (to->flags & DLFM_ENTRY_KNOWN) {
		if (is_directory(to) && (from->flags & ~to->flags & DLFM_ENTRY_LISTED) &&
		    to->st.mtime.sec == from->st.mtime.sec &&
		    to->st.mtime.nsec == from->st.mtime.nsec) {
			to->flags |= DLFM_ENTRY_LISTED;
			return copy_names(m, to, from);
		}
		return 0;
	}
	return from->flags & DLFM_ENTRY_KNOWN ? copy_entry(m, at, from) : 0;
}

static const struct dlfm_cache_resolution *find(const struct dlfm_cache *c, uint32_t n,
						const struct dlfm_cache_resolution *r)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (c->resolutions[i].table == r->table &&
		    strcmp(c->resolutions[i].name, r->name) == 0 &&
		    strcmp(c->resolutions[i].requester, r->requester) == 0)
			return &c->resolutions[i];
	return NULL;
}

static int add_resolutions(struct merge *m)
{
	const struct dlfm_cache *from = m->f->cache;
	const uint32_t n = m->c->n_resolutions; /* of newer caches; this one has no two of a kind */
	uint32_t i;

	for (i = 0; i < from->n_resolutions && !m->lib_changed; i++) {
		struct dlfm_cache_resolution r = from->resolutions[i];

		r.table = dlfm_cache_add_table(m->c, &from->tables[r.table]);
		if (r.table == DLFM_NONE)
			return no_memory(m);
		if (!find(m->c, n, &r) && dlfm_cache_add_resolution(m->c, &r) < 0)
			return no_memory(m);
	}
	return 0;
}

static int add_cache(struct merge *m)
{
	const struct dlfm_cache *from = m->f->cache;
	uint32_t i;
	int rc = 0;

	m->lib_changed = 0;
	m->place = calloc((size_t)from->n_entries + 1, sizeof(*m->place));
	if (!m->place)
		return no_memory(m);
	for (i = 0; i < from->n_entries && rc == 0; i++) {
		m->place[i] =
			dlfm_cache_add(m->c, from->entries[i].path, from->entries[i].path_len);
		if (m->place[i] == DLFM_NONE)
			rc = no_memory(m);
	}
	for (i = 0; i < from->n_entries && rc == 0; i++)
		rc = add_entry(m, i);
	if (rc == 0)
		rc = add_resolutions(m);
	free(m->place);
	if (from->static_tls > m->c->static_tls)
		m->c->static_tls = from->static_tls;
	if (from->scope == DLFM_SCOPE_ALL)
		m->c->scope = DLFM_SCOPE_ALL;
	m->c->flags |= from->flags;
	return rc;
}

/* ---- what does not fit together ---- */

static int is_listed(const struct dlfm_cache_entry *dir, const char *name)
{
	uint32_t i;

	for (i = 0; i < dir->n_names; i++)
		if (strcmp(dir->names[i].name, name) == 0)
			return 1;
	return 0;
}

/* A listing that another cache's entries contradict is no listing, and its directory's date is wrong. */
static void drop_wrong_listings(struct dlfm_cache *c)
{
	uint32_t i;

	for (i = 1; i < c->n_entries; i++) {
		const struct dlfm_cache_entry *entry = &c->entries[i];
		struct dlfm_cache_entry *dir = &c->entries[entry->parent];

		if (!(entry->flags & DLFM_ENTRY_KNOWN) || !(dir->flags & DLFM_ENTRY_LISTED) ||
		    is_listed(dir, strrchr(entry->path, '/') + 1) == (entry->lerr == 0))
			continue;
		dir->flags &= ~(uint32_t)(DLFM_ENTRY_LISTED | DLFM_ENTRY_KNOWN);
		dir->n_names = 0;
		memset(&dir->st, 0, sizeof(dir->st));
	}
}

/* A spelling whose canonical path is not what the directory's link says now: of an older cache. */
static void forget(struct dlfm_cache_entry *entry)
{
	entry->flags &= ~(uint32_t)(DLFM_ENTRY_KNOWN | DLFM_ENTRY_LISTED);
	entry->lerr = entry->err = 0;
	entry->target = NULL;
	entry->n_names = 0;
	entry->content = DLFM_NONE;
	memset(&entry->st, 0, sizeof(entry->st));
}

/* Errors that lead through other entries, and spellings, agree with their canonical twins or go. */
static void drop_wrong_twins(struct dlfm_cache *c)
{
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		struct dlfm_cache_entry *entry = &c->entries[i];
		const struct dlfm_cache_entry *canon;

		if (entry->canon == DLFM_NONE || entry->canon == i ||
		    !(entry->flags & DLFM_ENTRY_KNOWN))
			continue;
		canon = &c->entries[entry->canon];
		if (!(canon->flags & DLFM_ENTRY_KNOWN))
			continue;
		if (entry->target)
			entry->err = canon->err;
		else if (entry->lerr != canon->lerr)
			forget(entry);
	}
}

static int check_parents(struct merge *m)
{
	const struct dlfm_cache *c = m->c;
	uint32_t i;

	for (i = 1; i < c->n_entries; i++) {
		const struct dlfm_cache_entry *entry = &c->entries[i],
					      *dir = &c->entries[entry->parent];

		if ((entry->flags & dir->flags & DLFM_ENTRY_KNOWN) && entry->lerr == 0 && dir->err)
			return dlfm_errf(
				m->e,
				"the caches disagree on whether %s exists; bring the older one "
				"up to date (dlfm refresh) or record it anew, then merge",
				dir->path);
	}
	return 0;
}

/* ---- head and order ---- */

static int set_provenance(struct dlfm_cache *c, const struct dlfm_cache_file *const *files,
			  size_t n)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array();
	const char *text;
	size_t i;

	json_object_object_add(o, "dlfm", json_object_new_string(PACKAGE_VERSION));
	for (i = 0; i < n; i++) {
		struct json_object *one = json_tokener_parse(files[i]->cache->provenance);

		json_object_array_add(list, one);
	}
	json_object_object_add(o, "merged", list);
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE);
	c->provenance = dlfm_cache_text(c, text, strlen(text));
	json_object_put(o);
	return c->provenance ? 0 : -1;
}

/* -1: no memory. A history that cannot be read is left out: no replay needs it. */
static int set_history(struct dlfm_cache *c, const struct dlfm_cache_file *const *files, size_t n)
{
	struct dlfm_history *all = dlfm_history_new(), *one;
	char *text = NULL;
	size_t i, found = 0;
	int rc = all ? 0 : -1;

	for (i = 0; i < n && rc == 0; i++) {
		const char *history = files[i]->cache->history;

		one = history ? dlfm_history_read(history, NULL) : NULL;
		if (!one)
			continue;
		found++;
		rc = dlfm_history_merge(all, one);
		dlfm_history_free(one);
	}
	if (rc == 0 && found)
		text = dlfm_history_write(all);
	if (text)
		c->history = dlfm_cache_text(c, text, strlen(text));
	free(text);
	dlfm_history_free(all);
	return rc < 0 || (found && !c->history) ? -1 : 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct dlfm_cache_file *const *x = a, *const *y = b;
	const int64_t s = (*x)->cache->header.created, t = (*y)->cache->header.created;

	return s != t ? (s < t ? 1 : -1) : 0;
}

static void set_packer(struct dlfm_cache *c, const struct dlfm_cache_file *const *files, size_t n)
{
	size_t i;

	c->packer_uid = files[0]->cache->packer_uid;
	for (i = 1; i < n; i++)
		if (files[i]->cache->packer_uid != c->packer_uid)
			c->packer_uid = DLFM_NONE; /* nobody: each user's access() is asked for */
}

/* What one of them had to believe with care, the union has to, too. */
static void set_first_read(struct dlfm_cache *c, const struct dlfm_cache_file *const *files,
			   size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (i == 0 || files[i]->cache->header.first_read < c->first_read)
			c->first_read = files[i]->cache->header.first_read;
}

static int merge_sorted(struct merge *m, const struct dlfm_cache_file *const *files, size_t n)
{
	size_t i;

	m->c->scope = DLFM_SCOPE_SHARED;
	for (i = 0; i < n; i++) {
		m->f = files[i];
		if (add_cache(m) < 0)
			return -1;
	}
	if (check_parents(m) < 0)
		return -1;
	set_packer(m->c, files, n);
	set_first_read(m->c, files, n);
	drop_wrong_listings(m->c);
	drop_wrong_twins(m->c);
	return set_provenance(m->c, files, n) < 0 || set_history(m->c, files, n) < 0 ? no_memory(m)
										     : 0;
}

int dlfm_merge(const struct dlfm_cache_file *const *files, size_t n, const char *output,
	       struct dlfm_error *e)
{
	const struct dlfm_cache_file **sorted = calloc(n + 1, sizeof(*sorted));
	struct merge m = {.c = dlfm_cache_new(), .e = e};
	size_t i;
	int rc = -1;

	if (!sorted || !m.c) {
		no_memory(&m);
		goto fail;
	}
	for (i = 0; i < n; i++) /* qsort(3) of glibc is stable, so the later argument comes first */
		sorted[i] = files[n - 1 - i];
	qsort(sorted, n, sizeof(*sorted), newest_first);
	if (dlfm_writer_open(&m.w, output, e) < 0)
		goto fail;
	rc = merge_sorted(&m, sorted, n);
	if (rc < 0)
		dlfm_writer_abort(m.w);
	else
		rc = dlfm_writer_finish(m.w, m.c, e);
fail:
	dlfm_cache_free(m.c);
	free(sorted);
	return rc;
}
