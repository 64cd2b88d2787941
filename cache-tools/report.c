/* SPDX-License-Identifier: BSD-3-Clause */
/* Summing up the journals of a replay. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cache-tools/arena.h"
#include "cache-tools/journal-read.h"
#include "cache-tools/report.h"
#include "libdlfm/hash.h"
#include "libdlfm/image.h"

struct reading {
	struct dlfm_report *r;
	uint32_t max_misses;
	struct dlfm_index_set paths;
	uint64_t *seen; /* processes */
	uint32_t n_seen, max_seen;
};

struct key {
	const struct dlfm_report *r;
	const char *path;
};

static int same_path(const void *arg, uint32_t i)
{
	const struct key *key = arg;

	return strcmp(key->r->misses[i].path, key->path) == 0;
}

static int add_miss(struct reading *g, const struct dlfm_journal_line *line, uint32_t layer)
{
	struct key key = {g->r, line->a};
	uint64_t hash = dlfm_hash(line->a, line->a_len);
	uint32_t i = dlfm_index_find(&g->paths, hash, same_path, &key);
	struct dlfm_report_miss *m;

	if (i == DLFM_NONE) {
		i = g->r->n_misses;
		if (dlfm_grow(&g->r->misses, i, &g->max_misses, sizeof(*m)) < 0)
			return -1;
		g->r->misses[i] = (struct dlfm_report_miss){.path = strdup(line->a)};
		/* analyzer: the path becomes the report's */
		if (!g->r->misses[i].path)
			return -1;
		g->r->n_misses++;
		if (dlfm_index_add(&g->paths, hash, i) < 0)
			return -1;
	}
	m = &g->r->misses[i];
	m->count += line->count;
	m->layers |= 1u << layer;
	m->absent = line->kind == DLFM_REC_PATH && line->err != 0;
	return 0;
}

/* A process writes a journal for each layer; journals of several nodes may stand side by side. */
static int count_process(struct reading *g, const struct dlfm_journal_copy *j)
{
	uint64_t process = dlfm_hash(j->node, strlen(j->node)) ^ j->header.pid;
	uint32_t i;

	for (i = 0; i < g->n_seen; i++)
		if (g->seen[i] == process)
			return 0;
	if (dlfm_grow(&g->seen, g->n_seen, &g->max_seen, sizeof(*g->seen)) < 0)
		return -1;
	g->seen[g->n_seen++] = process;
	g->r->processes++;
	return 0;
}

static int take_journal(void *arg, const struct dlfm_journal_copy *j, struct dlfm_error *e)
{
	struct reading *g = arg;
	struct dlfm_journal_line line;
	uint32_t layer = j->header.layer;
	size_t at = j->first;
	int i;

	if (layer != DLFM_LAYER_DL && layer != DLFM_LAYER_FM)
		return 0;
	if (count_process(g, j) < 0)
		return dlfm_errf(e, "no memory for the report");
	g->r->lost += (j->header.flags & DLFM_JOURNAL_LOST) != 0;
	for (i = 0; i < DLFM_N_COUNTERS; i++)
		g->r->counters[layer][i] += j->header.counters[i];
	while (dlfm_journal_next(j, &at, &line))
		if ((line.kind == DLFM_REC_PATH || line.kind == DLFM_REC_TRY) &&
		    add_miss(g, &line, layer) < 0)
			return dlfm_errf(e, "no memory for the report");
	return 0;
}

static int by_count(const void *a, const void *b)
{
	const struct dlfm_report_miss *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->path, y->path);
}

struct dlfm_report *dlfm_report_read(const char *dir, struct dlfm_error *e)
{
	struct reading g = {.r = calloc(1, sizeof(*g.r))};
	int rc;

	if (!g.r) {
		dlfm_errf(e, "no memory for the report");
		return NULL;
	}
	rc = dlfm_journal_each(dir, take_journal, &g, e);
	dlfm_index_clear(&g.paths);
	free(g.seen);
	if (rc < 0) {
		dlfm_report_free(g.r);
		return NULL;
	}
	if (g.r->n_misses)
		qsort(g.r->misses, g.r->n_misses, sizeof(*g.r->misses), by_count);
	return g.r;
}

void dlfm_report_free(struct dlfm_report *r)
{
	uint32_t i;

	if (!r)
		return;
	for (i = 0; i < r->n_misses; i++)
		free(r->misses[i].path);
	free(r->misses);
	free(r);
}
