/* SPDX-License-Identifier: BSD-3-Clause */
/* Putting a cache in order: sorted, without what goes, references renumbered. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cache-tools/model-private.h"
#include "cache-tools/model.h"

static int by_path(const void *a, const void *b, void *arg)
{
	const struct dlfm_cache *c = arg;
	const struct dlfm_cache_entry *x = &c->entries[*(const uint32_t *)a];
	const struct dlfm_cache_entry *y = &c->entries[*(const uint32_t *)b];

	return strcmp(x->path, y->path);
}

static int by_offset(const void *a, const void *b, void *arg)
{
	const struct dlfm_cache *c = arg;
	const struct dlfm_cache_content *x = &c->contents[*(const uint32_t *)a];
	const struct dlfm_cache_content *y = &c->contents[*(const uint32_t *)b];

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->stored < y->stored ? -1 : x->stored > y->stored; /* empty ones first */
}

static int by_requester(const void *a, const void *b)
{
	const struct dlfm_cache_resolution *x = a, *y = b;
	int d;

	if (x->table != y->table)
		return x->table < y->table ? -1 : 1;
	d = strcmp(x->requester, y->requester);
	return d ? d : strcmp(x->name, y->name);
}

/* Fills order[] with the indices that stay, and renumbered[] with each one's new index. Returns how
 * many stay. */
static uint32_t arrange(struct dlfm_cache *c, uint32_t n, const unsigned char *keep,
			uint32_t *order, uint32_t *renumbered,
			int (*compare)(const void *a, const void *b, void *arg))
{
	uint32_t i, kept = 0;

	for (i = 0; i < n; i++) {
		renumbered[i] = DLFM_NONE;
		if (!keep || keep[i])
			order[kept++] = i;
	}
	qsort_r(order, kept, sizeof(*order), compare, c);
	for (i = 0; i < kept; i++)
		renumbered[order[i]] = i;
	return kept;
}

static int settle_contents(struct dlfm_cache *c)
{
	uint32_t n = c->n_contents, i;
	uint32_t *order = calloc(n + 1, sizeof(*order)), *new = calloc(n + 1, sizeof(*new));
	struct dlfm_cache_content *contents = calloc(n + 1, sizeof(*contents));
	uint32_t *frames = calloc((size_t)c->n_frames + 1, sizeof(*frames)), f = 0;
	int rc = -1;

	if (!order || !new || !contents || !frames)
		goto fail;
	arrange(c, n, NULL, order, new, by_offset);
	for (i = 0; i < n; i++) {
		struct dlfm_cache_content *content = &contents[i];

		*content = c->contents[order[i]];
		if (content->n_frames)
			memcpy(frames + f, c->frames + content->first_frame,
			       content->n_frames * sizeof(*frames));
		content->first_frame = f;
		f += content->n_frames;
	}
	for (i = 0; i < c->n_entries; i++)
		if (c->entries[i].content != DLFM_NONE)
			c->entries[i].content = new[c->entries[i].content];
	free(c->contents);
	free(c->frames);
	c->contents = contents;
	c->frames = frames;
	c->max_contents = n + 1;
	c->max_frames = c->n_frames + 1;
	contents = NULL;
	frames = NULL;
	dlfm_index_clear(&c->slots->digests);
	for (rc = 0, i = 0; i < n && rc == 0; i++)
		rc = dlfm_cache_index_content(c, i);
fail:
	free(order);
	free(new);
	free(contents);
	free(frames);
	return rc;
}

static int settle_entries(struct dlfm_cache *c, const unsigned char *keep)
{
	uint32_t n = c->n_entries, i;
	uint32_t *order = calloc((size_t)n + 1, sizeof(*order));
	uint32_t *new = calloc((size_t)n + 1, sizeof(*new));
	struct dlfm_cache_entry *entries = calloc((size_t)n + 1, sizeof(*entries));
	int rc = -1;

	if (!order || !new || !entries)
		goto fail;
	n = arrange(c, n, keep, order, new, by_path);
	for (i = 0; i < n; i++) {
		struct dlfm_cache_entry *entry = &entries[i];

		*entry = c->entries[order[i]];
		entry->parent = new[entry->parent];
		if (entry->canon != DLFM_NONE)
			entry->canon = new[entry->canon];
	}
	free(c->entries);
	c->entries = entries;
	c->max_entries = c->n_entries + 1;
	c->n_entries = n;
	entries = NULL;
	dlfm_index_clear(&c->slots->paths);
	for (rc = 0, i = 0; i < n && rc == 0; i++)
		rc = dlfm_cache_index_path(c, i);
fail:
	free(order);
	free(new);
	free(entries);
	return rc;
}

int dlfm_cache_settle(struct dlfm_cache *c, const unsigned char *keep)
{
	if (settle_entries(c, keep) < 0 || settle_contents(c) < 0)
		return -1;
	if (c->n_resolutions)
		qsort(c->resolutions, c->n_resolutions, sizeof(*c->resolutions), by_requester);
	return 0;
}
