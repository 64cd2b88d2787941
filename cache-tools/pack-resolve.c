/* SPDX-License-Identifier: BSD-3-Clause */
/* Resolutions: what ld.so's searches found, and under which conditions that holds elsewhere. */
#include "config.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/pack-private.h"
#include "libdlfm/hash.h"

struct resolution {
	uint32_t search, answer; /* answer: the path as asked */
	uint32_t ld_cache;	 /* 0: holds on every node */
	int dropped;
	const char *guards[DLFM_CACHE_MAX_GUARDS];
	uint32_t n_guards;
};

struct resolver {
	struct pack *p;
	struct resolution *found;
	uint32_t n, max;
	struct dlfm_index_set set;  /* by table, requester and name */
	struct dlfm_index_set dirs; /* of asked paths: whose directory is flagged */
};

/* ---- one search ---- */

static int is_known(const struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];

	return (entry->flags & DLFM_ENTRY_KNOWN) ||
	       (entry->canon != DLFM_NONE &&
		(p->cache->entries[entry->canon].flags & DLFM_ENTRY_KNOWN));
}

static int is_written(const struct pack *p, uint32_t i)
{
	uint32_t canon = p->cache->entries[i].canon;

	if (canon == DLFM_NONE)
		canon = i;
	return (p->notes[canon].flags & (NOTE_WRITTEN | NOTE_BELOW_WRITTEN)) != 0;
}

static int add_guard(struct resolution *r, const char *path)
{
	uint32_t i;

	for (i = 0; i < r->n_guards; i++)
		if (strcmp(r->guards[i], path) == 0)
			return 0;
	if (r->n_guards == DLFM_CACHE_MAX_GUARDS)
		return -1;
	r->guards[r->n_guards++] = path;
	return 0;
}

/* A candidate before the answer: what the cache knows needs no guard; another must be absent, and stay so. 0, or -1: the
 * resolution does not hold. */
static int pass_over(struct pack *p, struct resolution *r, uint32_t asked, int *failed)
{
	uint32_t stopped, end = dlfm_pack_walk(p, p->asked[asked].path, 0, &stopped, failed);
	uint32_t at = end != DLFM_NONE ? end : stopped;

	if (*failed || at == DLFM_NONE || is_written(p, at))
		return -1;
	if (is_known(p, at))
		return 0;
	if (end != DLFM_NONE && p->cache->entries[end].err == 0)
		return -1; /* it is there, was not taken, and may be another one elsewhere */
	/* the first absent directory above is as good a guard, and the same for many candidates */
	return add_guard(r, p->cache->entries[at].err ? p->cache->entries[at].path
						      : p->asked[asked].path);
}

/*
 * ld.so tries a directory of LD_LIBRARY_PATH that is not there in its first search only, so later ones do not show that
 * they passed over it. On another node it may be there (a driver's directory). -1: the resolution does not hold.
 */
static int guard_absent_directories(struct pack *p, struct resolution *r, int *failed)
{
	const struct search *s = &p->searches[r->search];
	const char *list = p->cache->tables[s->table].ld_library_path;
	const char *answer = p->asked[r->answer].path;
	char dir[DLFM_CACHE_MAX_PATH + 1];
	uint32_t end, stopped;
	size_t len;

	for (; list && *list && !*failed; list += len + (list[len] != 0)) {
		len = strcspn(list, ":;");
		if (len == 0 || len >= sizeof(dir) || *list != '/')
			continue;
		if (strncmp(answer, list, len) == 0 && answer[len] == '/')
			return 0; /* found here: the rest was not searched */
		memcpy(dir, list, len);
		dir[len] = 0;
		end = dlfm_pack_walk(p, dir, DLFM_ENTRY_LIBDIR_ABOVE, &stopped, failed);
		if (*failed || stopped == DLFM_NONE ||
		    (end != DLFM_NONE && !p->cache->entries[end].err) || is_known(p, stopped) ||
		    !p->cache->entries[stopped].err)
			continue;
		if (add_guard(r, p->cache->entries[stopped].path) < 0)
			return -1;
	}
	return *failed ? -1 : 0;
}

static int is_answer(struct pack *p, uint32_t asked, int *failed)
{
	struct asked *a = &p->asked[asked];
	uint32_t stopped, end, canon;

	end = dlfm_pack_walk(p, a->path, 0, &stopped, failed);
	if (*failed || end == DLFM_NONE || p->cache->entries[end].err || is_written(p, end) ||
	    !dlfm_path_is_bounded(a->path, a->len))
		return 0;
	canon = p->cache->entries[end].canon;
	return S_ISREG(p->cache->entries[canon].st.mode) && dlfm_pack_is_native(a);
}

/* ---- all searches ---- */

struct key {
	const struct resolver *v;
	const struct search *s;
};

static int same_question(const void *arg, uint32_t index)
{
	const struct key *key = arg;
	const struct search *s = &key->v->p->searches[key->v->found[index].search];

	return s->table == key->s->table && strcmp(s->requester, key->s->requester) == 0 &&
	       strcmp(s->name, key->s->name) == 0;
}

static uint64_t question_hash(const struct search *s)
{
	return dlfm_resolution_hash(s->table, dlfm_hash(s->requester, strlen(s->requester)),
				    dlfm_hash(s->name, strlen(s->name)));
}

/* Two searches for the same: they must agree; the guards of both count. */
static void unite(struct resolver *v, struct resolution *old, const struct resolution *new)
{
	uint32_t i;

	if (!old->dropped &&
	    (new->dropped || old->answer != new->answer || old->ld_cache != new->ld_cache)) {
		old->dropped = 1;
		v->p->report->conflicts++;
	}
	for (i = 0; i < new->n_guards && !old->dropped; i++)
		if (add_guard(old, new->guards[i]) < 0)
			old->dropped = 1;
}

static int enter(struct resolver *v, const struct resolution *r)
{
	const struct search *s = &v->p->searches[r->search];
	struct key key = {.v = v, .s = s};
	uint32_t i = dlfm_index_find(&v->set, question_hash(s), same_question, &key);

	if (i != DLFM_NONE) {
		unite(v, &v->found[i], r);
		return 0;
	}
	if (dlfm_grow(&v->found, v->n, &v->max, sizeof(*v->found)) < 0 ||
	    dlfm_index_add(&v->set, question_hash(s), v->n) < 0)
		return pack_no_memory(v->p);
	v->found[v->n++] = *r;
	return 0;
}

static int resolve_search(struct resolver *v, uint32_t i)
{
	struct pack *p = v->p;
	const struct search *s = &p->searches[i];
	struct resolution r = {.search = i, .answer = DLFM_NONE};
	uint32_t t;
	int failed = 0;

	if (s->table == DLFM_NONE || s->last == DLFM_NONE ||
	    !dlfm_path_is_bounded(s->requester, strlen(s->requester)))
		return 0;
	r.answer = p->tries[s->last].asked;
	/* found by the node's own configuration, not by a directory that the process names */
	if (p->tries[s->last].how & (LA_SER_CONFIG | LA_SER_DEFAULT))
		r.ld_cache = s->ld_cache;
	r.dropped = !is_answer(p, r.answer, &failed);
	for (t = s->first; t != s->last && !failed && !r.dropped; t = p->tries[t].next)
		r.dropped = pass_over(p, &r, p->tries[t].asked, &failed) < 0;
	if (!failed && !r.dropped)
		r.dropped = guard_absent_directories(p, &r, &failed) < 0;
	return failed ? -1 : enter(v, &r);
}

static int store(struct resolver *v)
{
	struct pack *p = v->p;
	uint32_t i;

	for (i = 0; i < v->n; i++) {
		const struct resolution *r = &v->found[i];
		const struct search *s = &p->searches[r->search];
		const struct dlfm_cache_resolution out = {
			.table = s->table,
			.ld_cache = r->ld_cache,
			.requester = s->requester,
			.name = s->name,
			.answer = p->asked[r->answer].path,
			.guards = r->guards,
			.n_guards = r->n_guards,
		};

		if (r->dropped)
			continue;
		if (dlfm_cache_add_resolution(p->cache, &out) < 0)
			return pack_no_memory(p);
		p->report->resolutions++;
	}
	return 0;
}

/* ---- the searched directories ---- */

static uint32_t directory_len(const struct asked *a)
{
	uint32_t len = a->len;

	while (len > 1 && a->path[len - 1] != '/')
		len--;
	while (len > 1 && a->path[len - 1] == '/')
		len--;
	return len;
}

struct dir_key {
	const struct pack *p;
	const struct asked *a;
	uint32_t len;
};

static int same_dir(const void *arg, uint32_t index)
{
	const struct dir_key *key = arg;
	const struct asked *a = &key->p->asked[index];

	return directory_len(a) == key->len && memcmp(a->path, key->a->path, key->len) == 0;
}

/* Flags the directory of a candidate and all that its path leads through. */
static int flag_directory(struct resolver *v, uint32_t i)
{
	struct pack *p = v->p;
	const struct asked *a = &p->asked[i];
	struct dir_key key = {.p = p, .a = a, .len = directory_len(a)};
	uint64_t hash = dlfm_hash(a->path, key.len);
	char dir[DLFM_CACHE_MAX_PATH + 1];
	uint32_t end, stopped;
	int failed;

	if (a->path[0] != '/' || key.len >= sizeof(dir) ||
	    dlfm_index_find(&v->dirs, hash, same_dir, &key) != DLFM_NONE)
		return 0;
	if (dlfm_index_add(&v->dirs, hash, i) < 0)
		return pack_no_memory(p);
	memcpy(dir, a->path, key.len);
	dir[key.len] = 0;
	end = dlfm_pack_walk(p, dir, DLFM_ENTRY_LIBDIR_ABOVE, &stopped, &failed);
	if (failed)
		return -1;
	if (end == DLFM_NONE)
		return 0;
	p->cache->entries[end].flags |= DLFM_ENTRY_LIBDIR;
	if (p->cache->entries[end].canon != DLFM_NONE)
		p->cache->entries[p->cache->entries[end].canon].flags |= DLFM_ENTRY_LIBDIR;
	return 0;
}

int dlfm_pack_resolve(struct pack *p)
{
	struct resolver v = {.p = p};
	uint32_t i;
	int rc = 0;

	for (i = 0; i < p->n_searches && rc == 0; i++)
		rc = resolve_search(&v, i);
	if (rc == 0)
		rc = store(&v);
	for (i = 0; i < p->n_asked && rc == 0; i++)
		if (p->asked[i].flags & (ASKED_TRY | ASKED_OBJECT))
			rc = flag_directory(&v, i);
	dlfm_index_clear(&v.set);
	dlfm_index_clear(&v.dirs);
	free(v.found);
	return rc;
}
