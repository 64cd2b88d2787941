/* SPDX-License-Identifier: BSD-3-Clause */
/* The stream of a cache.dat, cut into header, metadata and batches of whole frames, in pieces of
 * any size. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/stage-private.h"

/* Every frame of every content can be what zstd makes of so many bytes, not more. */
static int check_frames(const struct dlfm_cache *c, struct dlfm_error *e)
{
	uint32_t i;

	for (i = 0; i < c->n_frames; i++)
		if (c->frames[i] > ZSTD_COMPRESSBOUND(DLFM_CACHE_FRAME) + 1024)
			return dlfm_damaged(e, "frame %u has %u bytes", i, c->frames[i]);
	return 0;
}

static int make_tree(struct dlfm_stager *st, struct dlfm_error *e)
{
	struct stage_tree *t = &st->tree;

	t->where = st->store.path;
	if (mkdirat(st->temp, "root", 0700) < 0)
		return dlfm_errnof(e, "%s", st->store.path);
	t->root = openat(st->temp, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->root < 0)
		return dlfm_errnof(e, "%s", st->store.path);
	t->staged = calloc((size_t)st->cache->n_entries + 1, sizeof(*t->staged));
	if (!t->staged)
		return dlfm_errf(e, "no memory for %u entries", st->cache->n_entries);
	if (dlfm_plan_make(&t->plan, st->cache, strlen(st->image) + strlen("/root"), e) < 0)
		return -1;
	return stage_make_directories(t, e);
}

/* Makes room for the next batch, or for nothing more at the end. */
static int next_batch(struct dlfm_stager *st, struct dlfm_error *e)
{
	const struct dlfm_cache *c = st->cache;
	struct stage_place to = st->place;
	size_t size = 0;

	while (to.content < c->n_contents && size < DLFM_STAGE_BATCH) {
		size += stage_frame_stored(c, to);
		stage_next(c, &to);
	}
	st->state = STAGE_END;
	if (to.content == st->place.content && to.frame == st->place.frame)
		return 0;
	st->batch = malloc(sizeof(*st->batch) + size);
	if (!st->batch)
		return dlfm_errf(e, "no memory to receive the contents");
	st->state = STAGE_CONTENTS;
	*st->batch = (struct stage_batch){
		.from = st->place, .to = to, .offset = st->offset, .size = size};
	st->place = to;
	st->part = st->batch->data;
	st->want = size;
	return 0;
}

static int header_came(struct dlfm_stager *st, struct dlfm_error *e)
{
	struct dlfm_cache_brief b;
	struct dlfm_cache_header h;

	if (dlfm_cache_brief(&b, st->header, sizeof(st->header), e) < 0 ||
	    dlfm_cache_header_decode(&h, st->header, sizeof(st->header), e) < 0)
		return -1;
	/* analyzer: both were cleared, padding and all, before they were filled */
	if (memcmp(&b, &st->brief, sizeof(b)) != 0)
		return dlfm_errf(e, "another cache comes than was announced");
	st->want = h.metadata_stored;
	st->part = malloc(st->want + 1);
	if (!st->part)
		return dlfm_errf(e, "no memory for %zu bytes of metadata", st->want);
	st->state = STAGE_METADATA;
	return 0;
}

static int metadata_came(struct dlfm_stager *st, struct dlfm_error *e)
{
	struct dlfm_cache_header h;

	if (dlfm_cache_header_decode(&h, st->header, sizeof(st->header), e) < 0)
		return -1;
	st->cache = dlfm_cache_decode(&h, st->part, st->have, e);
	free(st->part);
	st->part = NULL;
	if (!st->cache || check_frames(st->cache, e) < 0 || make_tree(st, e) < 0)
		return -1;
	st->pool = stage_pool_start(&st->tree, st->threads, st->trace, e);
	return st->pool ? next_batch(st, e) : -1;
}

static int batch_came(struct dlfm_stager *st, struct dlfm_error *e)
{
	struct stage_batch *b = st->batch;

	st->batch = NULL;
	st->part = NULL;
	if (stage_pool_put(st->pool, b, e) < 0)
		return -1;
	return next_batch(st, e);
}

/* Parts of no bytes (the last contents may all be empty) come at once. */
static int part_came(struct dlfm_stager *st, struct dlfm_error *e)
{
	int rc = 0;

	while (rc == 0 && st->state != STAGE_END && st->have == st->want) {
		st->offset += st->have;
		if (st->state == STAGE_HEADER)
			rc = header_came(st, e);
		else if (st->state == STAGE_METADATA)
			rc = metadata_came(st, e);
		else
			rc = batch_came(st, e);
		st->have = 0;
	}
	return rc;
}

static int take_bytes(struct dlfm_stager *st, const char *data, size_t size, struct dlfm_error *e)
{
	unsigned char *to;
	size_t n;

	while (size && st->state != STAGE_END) {
		n = st->want - st->have < size ? st->want - st->have : size;
		to = st->state == STAGE_HEADER ? st->header : st->part;
		memcpy(to + st->have, data, n);
		st->have += n;
		data += n;
		size -= n;
		if (part_came(st, e) < 0)
			return -1;
	}
	return size ? dlfm_errf(e, "%zu bytes come after the end of the cache", size) : 0;
}

int dlfm_stager_feed(struct dlfm_stager *st, const void *data, size_t size, struct dlfm_error *e)
{
	if (st->is_ready)
		return dlfm_errf(e, "nothing is to be fed: the image is there");
	if (!st->is_dead && take_bytes(st, data, size, &st->error) < 0)
		st->is_dead = 1;
	if (!st->is_dead)
		return 0;
	if (e)
		*e = st->error;
	return -1;
}

void stage_feed_free(struct dlfm_stager *st)
{
	if (st->pool)
		stage_pool_end(st->pool, 1, NULL);
	st->pool = NULL;
	if (st->state == STAGE_METADATA)
		free(st->part);
	free(st->batch);
	st->part = NULL;
	st->batch = NULL;
	if (st->tree.root >= 0)
		close(st->tree.root);
	st->tree.root = -1;
	free(st->tree.staged);
	st->tree.staged = NULL;
	dlfm_plan_free(&st->tree.plan);
	dlfm_cache_free(st->cache);
	st->cache = NULL;
}
