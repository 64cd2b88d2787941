/* SPDX-License-Identifier: BSD-3-Clause */
/* The stager's workers: a bounded queue of batches; each frame is decompressed, checked and
 * written. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/stage-private.h"

enum { MAX_THREADS = 64 };

/* A content of several frames: they are decompressed side by side, and written in their order. */
struct many {
	uint32_t next; /* frame whose turn it is */
	int fd;	       /* of the first file; -2: no file */
	struct dlfm_digest *digest;
};

struct stage_pool {
	const struct stage_tree *tree;
	const struct dlfm_cache *cache;
	struct many **many; /* of each content; NULL: not begun, or done */
	size_t frame_max;   /* largest frame, decompressed */
	void (*trace)(const char *what, double begin, uint64_t bytes);
	pthread_t threads[MAX_THREADS];
	unsigned n_threads;

	pthread_mutex_t lock;
	pthread_cond_t put, taken, turn;
	struct stage_batch *first, *last;
	size_t in_flight; /* bytes queued or in a worker's hands */
	int closing, failed;
	struct dlfm_error error;
};

/* ---- places in the stream ---- */

uint32_t stage_frame_stored(const struct dlfm_cache *c, struct stage_place p)
{
	const struct dlfm_cache_content *content = &c->contents[p.content];

	return content->n_frames ? c->frames[content->first_frame + p.frame] : 0;
}

void stage_next(const struct dlfm_cache *c, struct stage_place *p)
{
	if (++p->frame < c->contents[p->content].n_frames)
		return;
	p->content++;
	p->frame = 0;
}

/* ---- one frame ---- */

static int damaged(const struct stage_pool *p, struct stage_place at, uint64_t offset,
		   const char *what, struct dlfm_error *e)
{
	return dlfm_damaged(e, "at byte %llu, in the contents of %s: %s",
			    (unsigned long long)offset, stage_path_of(p->cache, at.content), what);
}

static int check_digest(const struct stage_pool *p, struct stage_place at, uint64_t offset,
			const unsigned char *digest, struct dlfm_error *e)
{
	const struct dlfm_cache_content *content = &p->cache->contents[at.content];

	if (memcmp(digest, content->digest, DLFM_DIGEST_SIZE) == 0)
		return 0;
	/* the content began so many bytes before this frame */
	for (; at.frame; offset -= stage_frame_stored(p->cache, at))
		at.frame--;
	return damaged(p, at, offset, "the digest is wrong", e);
}

static int wait_for_turn(struct stage_pool *p, struct stage_place at)
{
	struct many **m = &p->many[at.content];
	int failed;

	pthread_mutex_lock(&p->lock);
	while (!p->failed && at.frame > 0 && (!*m || (*m)->next != at.frame))
		pthread_cond_wait(&p->turn, &p->lock);
	failed = p->failed;
	pthread_mutex_unlock(&p->lock);
	return failed ? -1 : 0;
}

static void give_turn(struct stage_pool *p, struct many *m)
{
	pthread_mutex_lock(&p->lock);
	m->next++;
	pthread_cond_broadcast(&p->turn);
	pthread_mutex_unlock(&p->lock);
}

static int begin_many(struct stage_pool *p, uint32_t content, struct dlfm_error *e)
{
	struct many *m = calloc(1, sizeof(*m));

	if (!m)
		return dlfm_errf(e, "no memory");
	m->fd = -2;
	m->digest = dlfm_digest_new();
	pthread_mutex_lock(&p->lock);
	p->many[content] = m; /* from here on stage_pool_end() frees it */
	pthread_mutex_unlock(&p->lock);
	if (!m->digest)
		return dlfm_errf(e, "no memory");
	dlfm_digest_start(m->digest);
	m->fd = stage_begin_content(p->tree, content, e);
	return m->fd == -1 ? -1 : 0;
}

static int end_many(struct stage_pool *p, struct stage_place at, uint64_t offset,
		    struct dlfm_error *e)
{
	struct many *m = p->many[at.content];
	unsigned char digest[DLFM_DIGEST_SIZE];
	int fd = m->fd;

	dlfm_digest_end(m->digest, digest);
	if (check_digest(p, at, offset, digest, e) < 0)
		return -1;
	m->fd = -2;
	return fd < 0 ? 0 : stage_end_content(p->tree, at.content, fd, e);
}

static int write_one_of_many(struct stage_pool *p, struct stage_place at, uint64_t offset,
			     const unsigned char *data, size_t size, struct dlfm_error *e)
{
	struct many *m;

	if (wait_for_turn(p, at) < 0 || (at.frame == 0 && begin_many(p, at.content, e) < 0))
		return -1;
	m = p->many[at.content];
	if (m->fd >= 0 && stage_add_content(p->tree, at.content, m->fd, data, size, e) < 0)
		return -1;
	dlfm_digest_feed(m->digest, data, size);
	if (at.frame + 1 == p->cache->contents[at.content].n_frames)
		return end_many(p, at, offset, e);
	give_turn(p, m);
	return 0;
}

static int write_frame(struct stage_pool *p, struct stage_place at, uint64_t offset,
		       const unsigned char *data, size_t size, struct dlfm_error *e)
{
	unsigned char digest[DLFM_DIGEST_SIZE];

	if (p->cache->contents[at.content].n_frames > 1)
		return write_one_of_many(p, at, offset, data, size, e);
	dlfm_digest_of(data, size, digest);
	if (check_digest(p, at, offset, digest, e) < 0)
		return -1;
	return stage_write_content(p->tree, at.content, data, size, e);
}

/* ---- workers ---- */

struct worker {
	struct stage_pool *pool;
	ZSTD_DCtx *zstd;
	unsigned char *raw; /* one decompressed frame */
};

static double trace_now(const struct stage_pool *p)
{
	struct timespec t;

	if (!p->trace)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void trace_done(const struct stage_pool *p, const char *what, double begin, size_t size)
{
	if (p->trace)
		p->trace(what, begin, size);
}

static int do_frame(struct worker *w, struct stage_place at, uint64_t offset,
		    const unsigned char *stored, size_t n_stored, struct dlfm_error *e)
{
	const struct dlfm_cache_content *content = &w->pool->cache->contents[at.content];
	size_t size = content->n_frames ? dlfm_cache_frame_size(content, at.frame) : 0, n;
	double begin = trace_now(w->pool);
	int rc;

	if (content->n_frames) {
		n = ZSTD_decompressDCtx(w->zstd, w->raw, w->pool->frame_max, stored, n_stored);
		if (ZSTD_isError(n))
			return damaged(w->pool, at, offset, ZSTD_getErrorName(n), e);
		if (n != size)
			return damaged(w->pool, at, offset, "a frame has not its size", e);
		trace_done(w->pool, "decompress", begin, size);
	}
	begin = trace_now(w->pool);
	rc = write_frame(w->pool, at, offset, w->raw, size, e);
	trace_done(w->pool, "write", begin, size);
	return rc;
}

static int do_batch(struct worker *w, const struct stage_batch *b, struct dlfm_error *e)
{
	const struct dlfm_cache *c = w->pool->cache;
	struct stage_place at = b->from;
	const unsigned char *data = b->data;
	uint32_t stored;

	while (at.content != b->to.content || at.frame != b->to.frame) {
		stored = stage_frame_stored(c, at);
		if (do_frame(w, at, b->offset + (data - b->data), data, stored, e) < 0)
			return -1;
		data += stored;
		stage_next(c, &at);
	}
	return 0;
}

/* The first failure is what is told; an error without a text is another's. */
static void fail(struct stage_pool *p, const struct dlfm_error *e)
{
	pthread_mutex_lock(&p->lock);
	if (!p->failed && e)
		p->error = *e;
	p->failed = 1;
	pthread_cond_broadcast(&p->put);
	pthread_cond_broadcast(&p->taken);
	pthread_cond_broadcast(&p->turn);
	pthread_mutex_unlock(&p->lock);
}

static struct stage_batch *take(struct stage_pool *p)
{
	struct stage_batch *b = NULL;

	pthread_mutex_lock(&p->lock);
	while (!p->first && !p->closing && !p->failed)
		pthread_cond_wait(&p->put, &p->lock);
	if (!p->failed && p->first) {
		b = p->first;
		p->first = b->next;
		if (!p->first)
			p->last = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	return b;
}

static void give_back(struct stage_pool *p, struct stage_batch *b)
{
	pthread_mutex_lock(&p->lock);
	p->in_flight -= b->size;
	pthread_cond_broadcast(&p->taken);
	pthread_mutex_unlock(&p->lock);
	free(b);
}

static void *work(void *arg)
{
	struct worker w = {.pool = arg};
	struct dlfm_error e = {""};
	struct stage_batch *b;
	int rc = 0;

	w.zstd = ZSTD_createDCtx();
	w.raw = malloc(w.pool->frame_max + 1);
	if (!w.zstd || !w.raw) {
		dlfm_errf(&e, "no memory to decompress");
		fail(w.pool, &e);
	}
	while (rc == 0 && (b = take(w.pool))) {
		rc = do_batch(&w, b, &e);
		if (rc < 0)
			fail(w.pool, &e);
		give_back(w.pool, b);
	}
	ZSTD_freeDCtx(w.zstd);
	free(w.raw);
	return NULL;
}

/* ---- the pool ---- */

static size_t largest_frame(const struct dlfm_cache *c)
{
	size_t max = 0;
	uint32_t i;

	for (i = 0; i < c->n_contents; i++)
		if (c->contents[i].size > max)
			max = c->contents[i].size;
	return max < DLFM_CACHE_FRAME ? max : DLFM_CACHE_FRAME;
}

static void free_pool(struct stage_pool *p)
{
	struct stage_batch *b;
	uint32_t i;

	while ((b = p->first)) {
		p->first = b->next;
		free(b);
	}
	for (i = 0; p->many && i < p->cache->n_contents; i++) {
		if (!p->many[i])
			continue;
		if (p->many[i]->fd >= 0)
			close(p->many[i]->fd);
		dlfm_digest_free(p->many[i]->digest);
		free(p->many[i]);
	}
	free(p->many);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->put);
	pthread_cond_destroy(&p->taken);
	pthread_cond_destroy(&p->turn);
	free(p);
}

/* Signals stay with the caller's threads. */
static void start_threads(struct stage_pool *p, unsigned threads)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (p->n_threads < threads &&
	       pthread_create(&p->threads[p->n_threads], NULL, work, p) == 0)
		p->n_threads++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct stage_pool *stage_pool_start(const struct stage_tree *t, unsigned threads,
				    void (*trace)(const char *what, double begin, uint64_t bytes),
				    struct dlfm_error *e)
{
	struct stage_pool *p = calloc(1, sizeof(*p));

	if (!p) {
		dlfm_errf(e, "no memory");
		return NULL;
	}
	p->tree = t;
	p->trace = trace;
	p->cache = t->plan.cache;
	p->frame_max = largest_frame(p->cache);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->put, NULL);
	pthread_cond_init(&p->taken, NULL);
	pthread_cond_init(&p->turn, NULL);
	p->many = calloc((size_t)p->cache->n_contents + 1, sizeof(*p->many));
	if (p->many)
		start_threads(p, threads < MAX_THREADS ? threads : MAX_THREADS);
	if (p->n_threads == 0) {
		dlfm_errf(e, "cannot start a thread to decompress");
		free_pool(p);
		return NULL;
	}
	return p;
}

int stage_pool_put(struct stage_pool *p, struct stage_batch *b, struct dlfm_error *e)
{
	int failed;

	pthread_mutex_lock(&p->lock);
	while (!p->failed && p->in_flight && p->in_flight + b->size > DLFM_STAGE_QUEUE)
		pthread_cond_wait(&p->taken, &p->lock);
	failed = p->failed;
	if (failed) {
		if (e)
			*e = p->error;
	} else {
		b->next = NULL;
		if (p->last)
			p->last->next = b;
		else
			p->first = b;
		p->last = b;
		p->in_flight += b->size;
		pthread_cond_signal(&p->put);
	}
	pthread_mutex_unlock(&p->lock);
	if (failed)
		free(b);
	return failed ? -1 : 0;
}

int stage_pool_end(struct stage_pool *p, int now, struct dlfm_error *e)
{
	unsigned i;
	int rc;

	if (now)
		fail(p, NULL);
	pthread_mutex_lock(&p->lock);
	p->closing = 1;
	pthread_cond_broadcast(&p->put);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	rc = p->failed ? -1 : 0;
	if (rc < 0 && e)
		*e = p->error;
	free_pool(p);
	return rc;
}
