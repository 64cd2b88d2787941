/* SPDX-License-Identifier: BSD-3-Clause */
/* A history as the text that stands in cache.dat. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/cache-format.h"
#include "cache-tools/history.h"

static size_t shared_with(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] && a[n] == b[n])
		n++;
	return n;
}

char *dlfm_history_write(struct dlfm_history *h)
{
	const char *before = "";
	char *text = NULL;
	size_t size, shared;
	uint32_t i;
	FILE *f;

	if (dlfm_history_sort(h) < 0)
		return NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	for (i = 0; i < h->n; i++) {
		const struct dlfm_history_path *p = &h->paths[i];

		if (p->len > DLFM_CACHE_MAX_PATH || strchr(p->path, '\n'))
			continue;
		shared = shared_with(before, p->path);
		fprintf(f, "%zx %" PRIx64 " %" PRIx64 " %x %" PRIx64 " %c %s\n", shared, p->lookups,
			p->failed, p->flags, p->size, p->why, p->path + shared);
		before = p->path;
	}
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* One hexadecimal number and the space behind it. -1: there is none. */
static int get_number(const char **at, uint64_t *n)
{
	int digits = 0;

	for (*n = 0; **at && strchr("0123456789abcdef", **at) && digits <= 16; ++*at, digits++)
		*n = *n << 4 | (unsigned)(**at <= '9' ? **at - '0' : **at - 'a' + 10);
	if (digits == 0 || digits > 16 || **at != ' ')
		return -1;
	++*at;
	return 0;
}

/* One line; `path` holds the one before's and gets this one's. -1: it is not as it should be. */
static int get_line(struct dlfm_history *h, const char **at, char *path)
{
	uint64_t shared, lookups, failed, flags, size;
	struct dlfm_history_path *p;
	size_t rest;
	char why;

	if (get_number(at, &shared) < 0 || get_number(at, &lookups) < 0 ||
	    get_number(at, &failed) < 0 || get_number(at, &flags) < 0 || get_number(at, &size) < 0)
		return -1;
	why = **at;
	if (!why || (*at)[1] != ' ')
		return -1;
	*at += 2;
	rest = strcspn(*at, "\n");
	if ((*at)[rest] != '\n' || shared > strlen(path) || shared + rest > DLFM_CACHE_MAX_PATH)
		return -1;
	memcpy(path + shared, *at, rest);
	path[shared + rest] = 0;
	*at += rest + 1;
	p = path[0] == '/' ? dlfm_history_path(h, path, shared + rest) : NULL;
	if (!p)
		return -1;
	p->lookups = lookups;
	p->failed = failed < lookups ? failed : lookups;
	p->flags = (unsigned)flags;
	p->size = size;
	p->why = dlfm_left_out_text((enum dlfm_left_out)why) ? (enum dlfm_left_out)why
							     : DLFM_NOT_LEFT_OUT;
	return 0;
}

struct dlfm_history *dlfm_history_read(const char *text, struct dlfm_error *e)
{
	struct dlfm_history *h = dlfm_history_new();
	char path[DLFM_CACHE_MAX_PATH + 1] = "";

	while (h && *text) {
		if (get_line(h, &text, path) == 0)
			continue;
		dlfm_history_free(h);
		dlfm_errf(e, "its record of lookups is damaged behind %.200s; record it anew",
			  path[0] ? path : "its start");
		return NULL;
	}
	if (!h)
		dlfm_errf(e, "no memory for the lookups of the recording");
	return h;
}
