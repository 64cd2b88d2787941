/* SPDX-License-Identifier: BSD-3-Clause */
/* Which entries answer, and which files' contents are stored. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/pack-private.h"
#include "cache-tools/scan.h"

void dlfm_pack_leave_out(struct pack *p, uint32_t i, uint64_t *count, enum dlfm_left_out why)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	struct dlfm_history_path *h;

	++*count;
	if (p->options->left_out)
		p->options->left_out(p->options->arg, entry->path, dlfm_left_out_text(why));
	h = p->history ? dlfm_history_path(p->history, entry->path, entry->path_len) : NULL;
	if (h)
		h->why = why;
}

static int is_included(const struct pack *p, uint32_t i)
{
	return dlfm_patterns_match(&p->policy->include, p->cache->entries[i].path);
}

/* Is it on a file system of the scope? An absent name is where its directory is. */
static int is_on_shared(struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];

	if (entry->lerr)
		entry = &p->cache->entries[entry->parent];
	return dlfm_file_system_is_shared(p->systems, entry->st.dev, entry->path);
}

enum dlfm_left_out dlfm_pack_scope(struct pack *p, uint32_t i)
{
	const char *path = p->cache->entries[i].path;
	enum dlfm_left_out why = dlfm_policy_forbids(p->policy, path);

	if (why != DLFM_NOT_LEFT_OUT || is_included(p, i) || p->policy->scope == DLFM_SCOPE_ALL ||
	    is_on_shared(p, i))
		return why;
	return DLFM_LEFT_LOCAL;
}

/* ---- what the run changed, and where names come and go ---- */

/* What was found in the run and is gone now shows that names come and go in its directory. */
static void note_transient(struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	const struct note *n = &p->notes[i];

	if (entry->canon != i || !entry->lerr || !(n->flags & NOTE_FOUND))
		return;
	if (!dlfm_pack_is_bytecode(entry->path))
		p->notes[entry->parent].flags |= NOTE_LIVE;
}

static void spread(struct pack *p)
{
	uint32_t i, above;

	for (i = 0; i < p->cache->n_entries; i++) { /* parents stand before their children */
		uint32_t parent = p->cache->entries[i].parent;

		if (i && p->notes[parent].flags & (NOTE_WRITTEN | NOTE_BELOW_WRITTEN))
			p->notes[i].flags |= NOTE_BELOW_WRITTEN;
		if (p->notes[i].flags & NOTE_MAIN)
			p->notes[parent].flags |= NOTE_PROGRAMS;
		for (above = i; above && (p->notes[i].flags & NOTE_LIVE);) {
			above = p->cache->entries[above].parent;
			p->notes[above].flags |= NOTE_ABOVE_LIVE;
		}
	}
}

/* ---- one entry: canonical, in scope, not written ---- */

static void know(struct pack *p, uint32_t i)
{
	p->cache->entries[i].flags |= DLFM_ENTRY_KNOWN;
}

static void choose_file(struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	struct note *n = &p->notes[i];
	const int opened = (n->ops & DLFM_OP_OPEN) || (n->flags & (NOTE_OBJECT | NOTE_TRY));
	const int included = is_included(p, i), is_code = included || dlfm_pack_is_code(p, i);
	const uint64_t max = included  ? UINT64_MAX
			     : is_code ? p->policy->max_code_size
				       : p->policy->max_data_size;

	if (!is_code && !dlfm_pack_is_import_dir(p, entry->parent)) {
		dlfm_pack_leave_out(p, i, &p->report->data, DLFM_LEFT_DATA);
		return;
	}
	if (opened && entry->st.size > max) {
		dlfm_pack_leave_out(p, i, &p->report->data, DLFM_LEFT_LARGE);
		return;
	}
	know(p, i);
	if (opened)
		n->flags |= NOTE_CONTENT;
}

/* Does the directory belong to software, whose names do not come and go while jobs run? */
static int is_settled(struct pack *p, uint32_t i)
{
	return !(p->notes[i].flags & NOTE_LIVE) && dlfm_pack_is_import_dir(p, i);
}

/* A directory that holds programs, or that the user cannot change. */
static int is_installed(struct pack *p, uint32_t i)
{
	struct note *n = &p->notes[i];

	if ((n->flags & NOTE_LIVE) || !pack_is_dir(p, i))
		return 0;
	if (!(n->flags & (NOTE_WRITABLE | NOTE_READ_ONLY)))
		n->flags |= access(p->cache->entries[i].path, W_OK) < 0 ? NOTE_READ_ONLY
									: NOTE_WRITABLE;
	return (n->flags & (NOTE_PROGRAMS | NOTE_READ_ONLY)) != 0;
}

static void choose_absent(struct pack *p, uint32_t i)
{
	const struct note *n = &p->notes[i];
	uint32_t dir = p->cache->entries[i].parent;

	if (n->flags & NOTE_FOUND) {
		dlfm_pack_leave_out(p, i, &p->report->transient, DLFM_LEFT_GONE);
		return;
	}
	if ((n->flags & (NOTE_TRY | NOTE_IMPORT_NAME)) || is_included(p, i) || is_settled(p, dir) ||
	    is_installed(p, dir))
		know(p, i);
	else
		dlfm_pack_leave_out(p, i, &p->report->data, DLFM_LEFT_ABSENT);
}

static void choose_directory(struct pack *p, uint32_t i)
{
	const struct note *n = &p->notes[i];

	if (n->flags & NOTE_LIVE)
		return;
	if (n->ops && (is_settled(p, i) || is_included(p, i)))
		know(p, i);
}

static void choose_one(struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	const struct note *n = &p->notes[i];
	enum dlfm_left_out why;

	if (entry->canon != i || !(n->flags & NOTE_LOOKED))
		return;
	if (n->flags & NOTE_FAILED) {
		dlfm_pack_leave_out(p, i, &p->report->failed, DLFM_LEFT_FAILED);
		return;
	}
	if (n->flags & (NOTE_WRITTEN | NOTE_BELOW_WRITTEN)) {
		dlfm_pack_leave_out(p, i, &p->report->written, DLFM_LEFT_WRITTEN);
		return;
	}
	why = dlfm_pack_scope(p, i);
	if (why != DLFM_NOT_LEFT_OUT) {
		dlfm_pack_leave_out(p, i, &p->report->local, why);
		return;
	}
	if (entry->lerr)
		choose_absent(p, i);
	else if (S_ISREG(entry->st.mode))
		choose_file(p, i);
	else if (S_ISDIR(entry->st.mode))
		choose_directory(p, i);
}

/* ---- what follows from that: directories above, links, other spellings ---- */

/* Directories above what answers are safe to answer, too: they exist as long as that does. */
static void want_above(struct pack *p, uint32_t i)
{
	while (!(p->notes[i].flags & NOTE_WANTED)) {
		p->notes[i].flags |= NOTE_WANTED;
		i = p->cache->entries[i].parent;
	}
}

/*
 * A directory in which names are absent answers, too, asked for or not: one look at it tells whether they still are, which
 * whoever stages must know.
 */
static void note_absent(struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];

	if (entry->canon == i && entry->lerr)
		p->notes[entry->parent].flags |= NOTE_HAS_ABSENT;
}

static void choose_above(struct pack *p)
{
	const struct dlfm_cache *c = p->cache;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++)
		if (c->entries[i].flags & DLFM_ENTRY_KNOWN) {
			note_absent(p, i);
			want_above(p, i);
		}
	for (i = 0; i < c->n_entries; i++) {
		const struct note *n = &p->notes[i];
		const unsigned no = NOTE_LIVE | NOTE_WRITTEN | NOTE_BELOW_WRITTEN | NOTE_FAILED;

		if (c->entries[i].canon == i && (n->flags & NOTE_WANTED) &&
		    (n->ops || n->flags & NOTE_HAS_ABSENT) && pack_is_dir(p, i) &&
		    !(n->flags & no) && dlfm_pack_scope(p, i) == DLFM_NOT_LEFT_OUT)
			know(p, i);
	}
}

/* A spelling answers if its canonical twin does; a link also if something is wanted where it leads. */
static void choose_spelling(struct pack *p, uint32_t i)
{
	const unsigned no = NOTE_WRITTEN | NOTE_BELOW_WRITTEN | NOTE_FAILED;
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	const struct note *n = &p->notes[i];
	uint32_t canon = entry->canon;

	if (canon == i || !(n->flags & NOTE_LOOKED) || (n->flags & no) || canon == DLFM_NONE)
		return;
	if ((p->cache->entries[canon].flags & DLFM_ENTRY_KNOWN) ||
	    (entry->target && (p->notes[canon].flags & NOTE_WANTED)))
		know(p, i);
}

void dlfm_pack_choose(struct pack *p)
{
	uint32_t i;

	for (i = 0; i < p->cache->n_entries; i++)
		note_transient(p, i);
	spread(p);
	for (i = 0; i < p->cache->n_entries; i++)
		choose_one(p, i);
}

void dlfm_pack_choose_rest(struct pack *p)
{
	uint32_t i;

	choose_above(p);
	for (i = 0; i < p->cache->n_entries; i++)
		choose_spelling(p, i);
}

/* ---- pruning ---- */

static void need(const struct dlfm_cache *c, unsigned char *keep, uint32_t i)
{
	while (!keep[i]) {
		keep[i] = 1;
		if (c->entries[i].canon != DLFM_NONE && !keep[c->entries[i].canon])
			need(c, keep, c->entries[i].canon); /* canonical: no deeper than this */
		i = c->entries[i].parent;
	}
}

/* An entry that only ties others together says nothing itself. */
static void blank(struct dlfm_cache_entry *entry)
{
	memset(&entry->st, 0, sizeof(entry->st));
	entry->lerr = entry->err = 0;
	entry->target = NULL;
}

int dlfm_pack_prune(struct pack *p)
{
	struct dlfm_cache *c = p->cache;
	unsigned char *keep = calloc((size_t)c->n_entries + 1, 1);
	uint32_t i;
	int rc;

	if (!keep)
		return pack_no_memory(p);
	for (i = 0; i < c->n_entries; i++)
		if (c->entries[i].flags)
			need(c, keep, i);
	for (i = 0; i < c->n_entries; i++)
		if (!(c->entries[i].flags & DLFM_ENTRY_KNOWN))
			blank(&c->entries[i]);
	if (c->n_entries)
		keep[0] = 1;
	dlfm_pack_close_directories(p);
	rc = dlfm_cache_settle(c, keep);
	free(keep);
	free(p->notes); /* their order was that of the entries */
	p->notes = NULL;
	p->max_notes = 0;
	return rc < 0 ? pack_no_memory(p) : 0;
}
