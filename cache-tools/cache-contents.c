/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents on their way into a cache: several threads read, digest and compress files; each waits
 * for its turn to store, so that the order of the contents is the order of the files, whatever the
 * threads do.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "cache-tools/arena.h"
#include "cache-tools/cache-private.h"
#include "cache-tools/cache-write-private.h"

enum { LEVEL = 3, MAX_THREADS = 16, MAX_RETRIES = 3 };
/* A packed file grows in memory up to this; a larger one is stored as it comes, while the others
 * wait. */
#define MAX_PACKED ((size_t)32 << 20)

struct crew {
	struct dlfm_cache_writer *w;
	struct dlfm_cache *c;
	const struct dlfm_content_source *source;
	size_t n;
	pthread_mutex_t lock;
	pthread_cond_t turn_came;
	size_t next; /* file that nobody took */
	size_t turn; /* file that may store */
	atomic_int failed;
	struct dlfm_error e;
};

struct worker {
	struct crew *crew;
	size_t i; /* the file */
	ZSTD_CCtx *zstd;
	struct dlfm_digest *digest;
	unsigned char *raw;    /* one frame */
	unsigned char *packed; /* frames that are not stored yet */
	size_t n_packed, max_packed;
	uint32_t *frames;
	uint32_t n_frames, max_frames;
	int has_turn;
	uint64_t start; /* of the content in the spool, once it has the turn */
};

/* Waits until it is this file's turn. */
static int take_turn(struct worker *k)
{
	struct crew *crew = k->crew;

	if (k->has_turn)
		return 0;
	pthread_mutex_lock(&crew->lock);
	while (crew->turn != k->i)
		pthread_cond_wait(&crew->turn_came, &crew->lock);
	pthread_mutex_unlock(&crew->lock);
	k->has_turn = 1;
	k->start = crew->w->spooled;
	return crew->failed ? -1 : 0;
}

static void give_turn(struct worker *k)
{
	struct crew *crew = k->crew;

	pthread_mutex_lock(&crew->lock);
	crew->turn++;
	pthread_cond_broadcast(&crew->turn_came);
	pthread_mutex_unlock(&crew->lock);
	k->has_turn = 0;
}

/* The cache cannot be written: everybody stops. Called with the turn. */
static int fail(struct worker *k, const struct dlfm_error *e)
{
	struct crew *crew = k->crew;

	pthread_mutex_lock(&crew->lock);
	if (!crew->failed)
		crew->e = *e;
	crew->failed = 1;
	pthread_mutex_unlock(&crew->lock);
	return -1;
}

static int flush(struct worker *k)
{
	struct dlfm_error e;

	if (take_turn(k) < 0)
		return -1;
	if (dlfm_spool(k->crew->w, k->packed, k->n_packed, &e) < 0)
		return fail(k, &e);
	k->n_packed = 0;
	return 0;
}

static int no_memory(struct worker *k)
{
	struct dlfm_error e;

	take_turn(k);
	dlfm_errf(&e, "no memory to compress files");
	return fail(k, &e);
}

static int reserve(struct worker *k, size_t size)
{
	size_t max = k->max_packed ? k->max_packed : 1 << 16;
	unsigned char *p;

	while (max < k->n_packed + size)
		max *= 2;
	if (max != k->max_packed) {
		p = realloc(k->packed, max);
		if (!p)
			return -1;
		k->packed = p;
		k->max_packed = max;
	}
	return dlfm_grow(&k->frames, k->n_frames, &k->max_frames, sizeof(*k->frames));
}

static int pack_frame(struct worker *k, size_t size)
{
	size_t bound = ZSTD_compressBound(size), n;

	if (k->n_packed > MAX_PACKED && flush(k) < 0)
		return -1;
	if (reserve(k, bound) < 0)
		return no_memory(k);
	n = ZSTD_compressCCtx(k->zstd, k->packed + k->n_packed, bound, k->raw, size, LEVEL);
	if (ZSTD_isError(n))
		return no_memory(k);
	k->n_packed += n;
	k->frames[k->n_frames++] = (uint32_t)n;
	return 0;
}

/* Reads and packs `size` bytes. 0: all are there; 1: they are not (shorter, read error); -1: the
 * crew failed. */
static int pack_bytes(struct worker *k, int fd, uint64_t size)
{
	const struct dlfm_content_source *source = k->crew->source;
	uint64_t at = 0;

	dlfm_digest_start(k->digest);
	while (at < size) {
		size_t n = size - at < DLFM_CACHE_FRAME ? (size_t)(size - at) : DLFM_CACHE_FRAME;

		if (source->stop && source->stop(source->arg))
			return 1;
		if (dlfm_read_at(fd, k->raw, n, at) != (ssize_t)n)
			return 1;
		dlfm_digest_feed(k->digest, k->raw, n);
		if (pack_frame(k, n) < 0)
			return -1;
		at += n;
	}
	return 0;
}

/* Forgets what was packed of the file. */
static void rewind_file(struct worker *k)
{
	k->n_packed = 0;
	k->n_frames = 0;
	if (k->has_turn)
		k->crew->w->spooled = k->start;
}

/* The same results as pack_bytes; *size is what was packed. */
static int pack_file(struct worker *k, uint64_t *size)
{
	const struct dlfm_content_source *source = k->crew->source;
	int tries, fd, rc, verdict;

	for (tries = 0; tries < MAX_RETRIES; tries++) {
		rewind_file(k);
		fd = source->open(source->arg, k->i, size);
		if (fd < 0)
			return 1;
		rc = pack_bytes(k, fd, *size);
		verdict = rc < 0 ? 0 : source->check(source->arg, k->i, fd);
		close(fd);
		if (rc < 0 || (rc == 0 && verdict == 1))
			return rc;
		if (verdict != 2)
			break;
	}
	rewind_file(k);
	return 1;
}

/* Stores the packed file, unless its content is there; with the turn. Returns the content. */
static uint32_t store(struct worker *k, uint64_t size)
{
	struct dlfm_cache_content content = {.size = size};
	struct crew *crew = k->crew;
	uint32_t i;

	dlfm_digest_end(k->digest, content.digest);
	if (take_turn(k) < 0)
		return DLFM_NONE;
	i = dlfm_cache_find_content(crew->c, content.digest, size);
	if (i != DLFM_NONE) {
		rewind_file(k);
		return i;
	}
	if (flush(k) < 0)
		return DLFM_NONE;
	content.offset = k->start;
	content.stored = crew->w->spooled - k->start;
	i = dlfm_cache_add_content(crew->c, &content, k->frames, k->n_frames);
	if (i == DLFM_NONE)
		no_memory(k);
	return i;
}

static void do_file(struct worker *k)
{
	const struct crew *crew = k->crew;
	uint32_t content = DLFM_NONE;
	uint64_t size;
	int rc;

	k->n_packed = 0;
	k->n_frames = 0;
	rc = pack_file(k, &size);
	if (rc == 0)
		content = store(k, size);
	if (take_turn(k) == 0)
		crew->source->done(crew->source->arg, k->i, content);
	give_turn(k);
}

static void *work(void *arg)
{
	struct worker *k = arg;
	struct crew *crew = k->crew;

	for (;;) {
		pthread_mutex_lock(&crew->lock);
		k->i = crew->next;
		if (k->i < crew->n)
			crew->next++;
		pthread_mutex_unlock(&crew->lock);
		if (k->i >= crew->n)
			return NULL;
		if (crew->failed) { /* the others wait for this turn */
			take_turn(k);
			give_turn(k);
		} else {
			do_file(k);
		}
	}
}

static int start_worker(struct worker *k, struct crew *crew)
{
	k->crew = crew;
	k->zstd = ZSTD_createCCtx();
	k->digest = dlfm_digest_new();
	k->raw = malloc(DLFM_CACHE_FRAME);
	return k->zstd && k->digest && k->raw ? 0 : -1;
}

static void end_worker(struct worker *k)
{
	ZSTD_freeCCtx(k->zstd);
	dlfm_digest_free(k->digest);
	free(k->raw);
	free(k->packed);
	free(k->frames);
}

static unsigned choose_threads(unsigned threads, size_t n)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (threads == 0)
		threads = cpus < 2 ? 2 : cpus > 8 ? 8 : (unsigned)cpus;
	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	return threads > n ? (unsigned)n : threads;
}

int dlfm_writer_add(struct dlfm_cache_writer *w, struct dlfm_cache *c,
		    const struct dlfm_content_source *source, size_t n, unsigned threads,
		    struct dlfm_error *e)
{
	struct crew crew = {.w = w, .c = c, .source = source, .n = n};
	struct worker workers[MAX_THREADS];
	pthread_t ids[MAX_THREADS];
	unsigned i, started = 0;
	int rc = 0;

	threads = choose_threads(threads, n);
	memset(workers, 0, sizeof(workers));
	pthread_mutex_init(&crew.lock, NULL);
	pthread_cond_init(&crew.turn_came, NULL);
	for (i = 0; i < threads && rc == 0; i++)
		rc = start_worker(&workers[i], &crew);
	/* one thread is enough to go on; this one works, too, if none could be made */
	for (i = 0; i < threads && rc == 0; i++, started++)
		if (pthread_create(&ids[i], NULL, work, &workers[i]) != 0)
			break;
	if (rc == 0 && threads > 0 && started == 0)
		work(&workers[0]);
	for (i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	for (i = 0; i < threads; i++)
		end_worker(&workers[i]);
	pthread_mutex_destroy(&crew.lock);
	pthread_cond_destroy(&crew.turn_came);
	if (rc < 0)
		return dlfm_errf(e, "no memory to compress files");
	if (crew.failed)
		return dlfm_errf(e, "%s", crew.e.text);
	return 0;
}

int64_t dlfm_writer_copy(struct dlfm_cache_writer *w, struct dlfm_cache *c,
			 const struct dlfm_cache_file *from, uint32_t i, struct dlfm_error *e)
{
	struct dlfm_cache_content content = from->cache->contents[i];
	const uint32_t *frames = from->cache->frames + content.first_frame;
	uint64_t offset = from->cache->header.contents_offset + content.offset;
	uint32_t there = dlfm_cache_find_content(c, content.digest, content.size), f;
	unsigned char *buffer;

	if (there != DLFM_NONE)
		return there;
	if (dlfm_cache_read_content(from, i, NULL, NULL, e) < 0)
		return -1;
	buffer = malloc(ZSTD_compressBound(DLFM_CACHE_FRAME));
	if (!buffer)
		return dlfm_errf(e, "no memory");
	content.offset = w->spooled;
	for (f = 0; f < content.n_frames; offset += frames[f], f++) {
		if (dlfm_read_at(from->fd, buffer, frames[f], offset) != (ssize_t)frames[f]) {
			dlfm_errnof(e, "%s: cannot be read", from->name);
			goto fail;
		}
		if (dlfm_spool(w, buffer, frames[f], e) < 0)
			goto fail;
	}
	free(buffer);
	there = dlfm_cache_add_content(c, &content, frames, content.n_frames);
	return there == DLFM_NONE ? dlfm_errf(e, "no memory") : (int64_t)there;
fail:
	free(buffer);
	return -1;
}

/* Spools contents [first, end) of the other cache, which lie end to end. */
static int adopt_run(struct dlfm_cache_writer *w, const struct dlfm_cache_file *from,
		     uint32_t first, uint32_t end, struct dlfm_error *e)
{
	const struct dlfm_cache *old = from->cache;
	uint64_t offset, size;

	if (first == end)
		return 0;
	offset = old->contents[first].offset;
	size = old->contents[end - 1].offset + old->contents[end - 1].stored - offset;
	if (dlfm_spool_file(w, from->fd, old->header.contents_offset + offset, size, e) == 0)
		return 0;
	return dlfm_err_prefix(e, "%s", from->name);
}

int dlfm_writer_adopt(struct dlfm_cache_writer *w, struct dlfm_cache *c,
		      const struct dlfm_cache_file *from, uint32_t *map, struct dlfm_error *e)
{
	const struct dlfm_cache *old = from->cache;
	struct dlfm_cache_content content;
	uint64_t at = w->spooled;
	uint32_t i, first = 0;

	for (i = 0; i < old->n_contents; i++) {
		content = old->contents[i];
		if (map[i] == DLFM_NONE) {
			if (adopt_run(w, from, first, i, e) < 0)
				return -1;
			first = i + 1;
			continue;
		}
		content.offset = at;
		at += content.stored;
		map[i] = dlfm_cache_add_content(c, &content, old->frames + content.first_frame,
						content.n_frames);
		if (map[i] == DLFM_NONE)
			return dlfm_errf(e, "no memory");
	}
	return adopt_run(w, from, first, i, e);
}
