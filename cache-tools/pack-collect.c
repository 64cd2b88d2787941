/* SPDX-License-Identifier: BSD-3-Clause */
/* What the journals say: distinct paths, searches, start-up objects. */
#include "config.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/elf-file.h"
#include "cache-tools/pack-private.h"
#include "libdlfm/fingerprint.h"
#include "libdlfm/hash.h"

enum { MAX_THREADS = 64 };

struct collector { /* of one journal */
	struct pack *p;
	uint32_t table; /* DLFM_NONE: this process has no fingerprint */
	uint32_t ld_cache;
	struct {
		uint32_t thread, search;
	} threads[MAX_THREADS]; /* the search that each thread is in */
	int n_threads;
	uint64_t tls;
};

struct path_key {
	const struct pack *p;
	const char *path;
	size_t len;
};

static int same_path(const void *arg, uint32_t index)
{
	const struct path_key *key = arg;
	const struct asked *a = &key->p->asked[index];

	return a->len == key->len && memcmp(a->path, key->path, key->len) == 0;
}

/* The place of a path, made if need be; DLFM_NONE: no memory. */
static uint32_t ask(struct pack *p, const char *path, size_t len)
{
	struct path_key key = {.p = p, .path = path, .len = len};
	uint64_t hash = dlfm_hash(path, len);
	uint32_t i = dlfm_index_find(&p->asked_set, hash, same_path, &key);
	const char *text;

	if (i != DLFM_NONE)
		return i;
	i = p->n_asked;
	text = dlfm_arena_text(p->arena, path, len);
	if (!text || dlfm_grow(&p->asked, i, &p->max_asked, sizeof(*p->asked)) < 0 ||
	    dlfm_index_add(&p->asked_set, hash, i) < 0)
		return DLFM_NONE;
	p->asked[i] = (struct asked){.path = text, .len = (uint32_t)len, .native = -1};
	p->n_asked++;
	return i;
}

static void raise(uint32_t *most, uint32_t count)
{
	if (count > *most)
		*most = count;
}

static int take_path(struct collector *c, const struct dlfm_journal_line *line)
{
	uint32_t i = ask(c->p, line->a, line->a_len);
	struct asked *a;

	if (i == DLFM_NONE)
		return -1;
	a = &c->p->asked[i];
	if (line->kind == DLFM_REC_WRITE) {
		a->flags |= ASKED_WRITE;
		return 0;
	}
	a->ops |= line->ops;
	if (line->err == 0)
		a->flags |= ASKED_FOUND;
	if ((line->ops & DLFM_OP_CHDIR) && line->err == 0)
		a->flags |= ASKED_CWD;
	if (line->ops & (DLFM_OP_STAT | DLFM_OP_LSTAT))
		raise(&a->stats, line->count);
	if (line->ops & DLFM_OP_LIST)
		raise(&a->lists, line->count);
	return 0;
}

static uint32_t *thread_search(struct collector *c, uint32_t thread)
{
	int i;

	for (i = 0; i < c->n_threads; i++)
		if (c->threads[i].thread == thread)
			return &c->threads[i].search;
	if (c->n_threads == MAX_THREADS)
		c->n_threads = 0; /* those that searched first have long done so */
	c->threads[c->n_threads].thread = thread;
	return &c->threads[c->n_threads++].search;
}

static int take_search(struct collector *c, const struct dlfm_journal_line *line)
{
	struct pack *p = c->p;
	uint32_t *current = thread_search(c, line->thread);
	struct search s = {
		.table = c->table, .ld_cache = c->ld_cache, .first = DLFM_NONE, .last = DLFM_NONE};

	*current = DLFM_NONE;
	if (strchr(line->b, '/')) /* needs no search: it is a path already */
		return take_path(c, &(struct dlfm_journal_line){.kind = DLFM_REC_PATH,
								.a = line->b,
								.a_len = line->b_len,
								.err = -1});
	s.requester = dlfm_arena_text(p->arena, line->a, line->a_len);
	s.name = dlfm_arena_text(p->arena, line->b, line->b_len);
	if (!s.requester || !s.name ||
	    dlfm_grow(&p->searches, p->n_searches, &p->max_searches, sizeof(*p->searches)) < 0)
		return -1;
	*current = p->n_searches;
	p->searches[p->n_searches++] = s;
	return 0;
}

static int take_try(struct collector *c, const struct dlfm_journal_line *line)
{
	struct pack *p = c->p;
	uint32_t search = *thread_search(c, line->thread), i = ask(p, line->a, line->a_len);
	struct search *s;

	if (i == DLFM_NONE ||
	    dlfm_grow(&p->tries, p->n_tries, &p->max_tries, sizeof(*p->tries)) < 0)
		return -1;
	p->asked[i].flags |= ASKED_TRY;
	if (search >= p->n_searches)
		return 0;
	s = &p->searches[search];
	p->tries[p->n_tries] =
		(struct try){.asked = i, .next = DLFM_NONE, .how = (uint32_t)line->err};
	if (s->first == DLFM_NONE)
		s->first = p->n_tries;
	else
		p->tries[s->last].next = p->n_tries;
	s->last = p->n_tries++;
	return 0;
}

int dlfm_pack_is_native(struct asked *a)
{
	struct dlfm_elf elf;

	if (a->native >= 0)
		return a->native;
	a->native = dlfm_elf_read_path(&elf, a->path) == 0 && elf.native;
	if (a->native && elf.tls)
		a->tls = elf.tls + (elf.tls_align > 16 ? elf.tls_align : 0);
	return a->native;
}

static int take_object(struct collector *c, const struct dlfm_journal_line *line)
{
	struct pack *p = c->p;
	uint32_t i;

	if (line->a_len == 0 || line->a[0] != '/') /* the vDSO */
		return 0;
	i = ask(p, line->a, line->a_len);
	if (i == DLFM_NONE)
		return -1;
	p->asked[i].flags |= line->ops & DLFM_OBJECT_MAIN ? ASKED_MAIN : ASKED_OBJECT;
	if ((line->ops & DLFM_OBJECT_STARTUP) && !(line->ops & DLFM_OBJECT_MAIN) &&
	    dlfm_pack_is_native(&p->asked[i]))
		c->tls += p->asked[i].tls;
	return 0;
}

static int take_line(struct collector *c, const struct dlfm_journal_line *line)
{
	if (dlfm_journal_is_own(line))
		return 0;
	switch (line->kind) {
	case DLFM_REC_PATH:
	case DLFM_REC_WRITE:
		return take_path(c, line);
	case DLFM_REC_SEARCH:
		return take_search(c, line);
	case DLFM_REC_TRY:
		return take_try(c, line);
	case DLFM_REC_OBJECT:
		return take_object(c, line);
	default:
		return 0;
	}
}

static int add_distinct(struct pack *p, const char ***list, uint32_t *n, uint32_t *max,
			const char *text)
{
	uint32_t i;

	for (i = 0; i < *n; i++)
		if (strcmp((*list)[i], text) == 0)
			return 0;
	if (dlfm_grow(list, *n, max, sizeof(**list)) < 0)
		return -1;
	(*list)[*n] = dlfm_arena_text(p->arena, text, strlen(text));
	return (*list)[(*n)++] ? 0 : -1;
}

static int take_process(struct collector *c, const struct dlfm_journal_copy *j)
{
	const struct dlfm_search_env env = {
		.program = j->program,
		.ld_library_path = j->ld_library_path,
		.tunables = j->tunables,
		.hwcaps = j->header.hwcaps,
	};
	struct dlfm_cache_table table = {
		.fingerprint = dlfm_fingerprint(&env),
		.hwcaps = j->header.hwcaps,
		.program = j->program,
		.ld_library_path = j->ld_library_path,
	};
	struct pack *p = c->p;
	uint32_t cwd;

	c->table = DLFM_NONE;
	c->ld_cache = (uint32_t)j->header.ld_cache;
	if (j->header.layer == DLFM_LAYER_DL && table.fingerprint) {
		c->table = dlfm_cache_add_table(p->cache, &table);
		if (c->table == DLFM_NONE)
			return -1;
	}
	if (j->cwd[0] == '/') {
		cwd = ask(p, j->cwd, strlen(j->cwd));
		if (cwd == DLFM_NONE)
			return -1;
		p->asked[cwd].flags |= ASKED_CWD;
	}
	if (add_distinct(p, &p->nodes, &p->n_nodes, &p->max_nodes, j->node) < 0)
		return -1;
	return add_distinct(p, &p->programs, &p->n_programs, &p->max_programs, j->program);
}

static int take_journal(void *arg, const struct dlfm_journal_copy *j, struct dlfm_error *e)
{
	struct collector c = {.p = arg};
	struct dlfm_journal_line line;
	size_t at = j->first;
	unsigned n;

	(void)e;
	if (take_process(&c, j) < 0)
		return pack_no_memory(c.p);
	while (dlfm_journal_next(j, &at, &line))
		if (take_line(&c, &line) < 0)
			return pack_no_memory(c.p);
	if (c.p->history && dlfm_history_take(c.p->history, j) < 0)
		return pack_no_memory(c.p);
	if (c.tls > c.p->static_tls)
		c.p->static_tls = c.tls;
	c.p->report->journals++;
	n = ++c.p->n_layer[j->header.layer == DLFM_LAYER_DL];
	if (n > c.p->report->processes)
		c.p->report->processes = n;
	if (j->header.flags & DLFM_JOURNAL_LOST)
		c.p->report->lost++;
	return 0;
}

int dlfm_pack_collect(struct pack *p, const char *const *dirs, size_t n_dirs)
{
	size_t i;

	for (i = 0; i < n_dirs; i++)
		if (dlfm_journal_each(dirs[i], take_journal, p, p->e) < 0)
			return -1;
	if (p->report->journals == 0)
		return dlfm_errf(p->e,
				 "%s: no process left a journal; static and setuid programs cannot "
				 "be recorded, nor "
				 "any while DLFM_DISABLE is set",
				 n_dirs ? dirs[0] : "nothing");
	p->report->asked = p->n_asked;
	return 0;
}
