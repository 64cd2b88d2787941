/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wire-up by files, to test the network part without PMIx: rank DLFM_TEST_RANK of DLFM_TEST_RANKS
 * puts values into the directory DLFM_TEST_WIREUP as <rank>.<name>. A test may change them before
 * they are read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/wireup.h"

struct wireup {
	uint32_t rank, size;
	const char *dir;
};

struct wireup_get {
	char path[512];
	double end;
	char data[64 * 1024];
};

static uint32_t number_from(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

int wireup_open(struct wireup **out, struct dlfm_error *e)
{
	struct wireup *w = calloc(1, sizeof(*w));

	*out = w;
	if (!w)
		return dlfm_errf(e, "no memory");
	w->rank = number_from("DLFM_TEST_RANK", 0);
	w->size = number_from("DLFM_TEST_RANKS", 1);
	w->dir = getenv("DLFM_TEST_WIREUP");
	return w->dir || w->size == 1 ? 0 : dlfm_errf(e, "DLFM_TEST_WIREUP is not set");
}

uint32_t wireup_rank(const struct wireup *w)
{
	return w->rank;
}

uint32_t wireup_size(const struct wireup *w)
{
	return w->size;
}

void wireup_node(const struct wireup *w, uint32_t rank, char *name, size_t size)
{
	(void)w;
	snprintf(name, size, "node%u", rank);
}

int wireup_put(struct wireup *w, const char *name, const void *data, size_t size,
	       struct dlfm_error *e)
{
	char path[512], temporary[520];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%u.%s", w->dir, w->rank, name);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	f = fopen(temporary, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0 || rename(temporary, path) < 0)
		return dlfm_errnof(e, "cannot write %s", path);
	return 0;
}

int wireup_commit(struct wireup *w, struct dlfm_error *e)
{
	(void)w;
	(void)e;
	return 0;
}

struct wireup_get *wireup_start(struct wireup *w, uint32_t rank, const char *name, double limit,
				int wake)
{
	struct wireup_get *g = calloc(1, sizeof(*g));

	(void)wake;
	if (!g)
		return NULL;
	snprintf(g->path, sizeof(g->path), "%s/%u.%s", w->dir, rank, name);
	g->end = clock_now() + limit;
	return g;
}

int wireup_take(struct wireup_get *g, const void **data, size_t *size, struct dlfm_error *e)
{
	FILE *f = fopen(g->path, "r");

	if (!f)
		return clock_now() < g->end ? 0 : dlfm_errf(e, "no %s", g->path);
	*size = fread(g->data, 1, sizeof(g->data), f);
	*data = g->data;
	fclose(f);
	return 1;
}

void wireup_end(struct wireup_get *g)
{
	free(g);
}

void wireup_fence(struct wireup *w, double limit)
{
	(void)w;
	(void)limit;
}

void wireup_close(struct wireup *w)
{
	free(w);
}
