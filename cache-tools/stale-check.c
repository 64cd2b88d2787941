/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Comparing a cache with the file system, in many threads, since they wait for the file server. Directories and what was
 * found are looked at, one look each; absent names only if their directory is not known to be as it was.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/stale-private.h"

enum { THREADS = 16, MAX_THREADS = 64, TAKE = 16, READ = 1 << 20, MAX_ROUNDS = 64 };

/* ---- one entry ---- */

static int same_time(struct dlfm_image_time a, struct dlfm_image_time b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

static int same_owner(const struct dlfm_image_stat *a, const struct dlfm_image_stat *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
}

/* The ctime of a directory tells of names that came or went, also if somebody set its mtime back. */
static int same_directory(const struct dlfm_image_stat *a, const struct dlfm_image_stat *b)
{
	return same_owner(a, b) && same_time(a->mtime, b->mtime) && same_time(a->ctime, b->ctime);
}

/*
 * The inode tells a file that was replaced by one of the same size and time; a file system that numbers inodes anew
 * at each mount keeps the ctime, which a replaced file cannot.
 */
static int same_file(const struct dlfm_image_stat *a, const struct dlfm_image_stat *b)
{
	return same_owner(a, b) && a->size == b->size && same_time(a->mtime, b->mtime) &&
	       (a->ino == b->ino || same_time(a->ctime, b->ctime));
}

/* Changed just before the packing began, or since: a coarse clock may hide that it changed again. */
static int is_racy(const struct dlfm_cache *c, const struct dlfm_cache_entry *entry)
{
	const int64_t m = entry->st.mtime.sec, t = entry->st.ctime.sec;

	return (m > t ? m : t) + 1 >= c->header.first_read;
}

static int same_bytes(const struct dlfm_cache *c, const struct dlfm_cache_entry *entry, int dir,
		      const char *name)
{
	const struct dlfm_cache_content *content = &c->contents[entry->content];
	unsigned char digest[DLFM_DIGEST_SIZE];
	struct dlfm_digest *d = dlfm_digest_new();
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	char *data = malloc(READ);
	uint64_t at = 0;
	ssize_t n = -1;

	if (d && data && fd >= 0) {
		dlfm_digest_start(d);
		while ((n = dlfm_read_at(fd, data, READ, at)) > 0) {
			dlfm_digest_feed(d, data, n);
			at += n;
		}
		dlfm_digest_end(d, digest);
	}
	free(data);
	dlfm_digest_free(d);
	if (fd >= 0)
		close(fd);
	return n == 0 && at == content->size &&
	       memcmp(digest, content->digest, sizeof(digest)) == 0;
}

static enum stale_state compare_directory(struct stale_reach *r, uint32_t i,
					  const struct dlfm_image_stat *now)
{
	const struct dlfm_cache_entry *entry = &r->c->entries[i];
	struct stale_names names;
	const char *name;
	int dir;

	if (same_directory(&entry->st, now)) {
		if (!(entry->flags & DLFM_ENTRY_LISTED) || !is_racy(r->c, entry))
			return STALE_SAME;
		dir = stale_reach(r, i, &name);
		return stale_compare_names(&names, entry, dir, name) == 0 ? STALE_SAME
									  : STALE_CHANGED;
	}
	/* Names come and go in it, say a home directory; those that were asked for have entries of their own. */
	if (!(entry->flags & DLFM_ENTRY_LISTED) && same_owner(&entry->st, now) &&
	    entry->st.ino == now->ino)
		return STALE_TOUCHED;
	return STALE_CHANGED;
}

/*
 * Another ctime alone comes of a hard link, a backup that puts back the time of access, or a rewriting that puts back the
 * other time: the bytes tell.
 */
static enum stale_state compare_file(struct stale_reach *r, uint32_t i,
				     const struct dlfm_image_stat *now)
{
	const struct dlfm_cache_entry *entry = &r->c->entries[i];
	const int retimed = entry->st.ino == now->ino && !same_time(entry->st.ctime, now->ctime);
	const char *name;
	int dir;

	if (!same_file(&entry->st, now))
		return STALE_CHANGED;
	if (entry->content != DLFM_NONE && (retimed || is_racy(r->c, entry))) {
		dir = stale_reach(r, i, &name);
		if (!same_bytes(r->c, entry, dir, name))
			return STALE_CHANGED;
	}
	return retimed ? STALE_RETIMED : STALE_SAME;
}

static enum stale_state compare(struct stale_reach *r, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &r->c->entries[i];
	struct dlfm_scan now;

	stale_reach_look(r, i, &now);
	if (entry->lerr)
		return now.lerr == entry->lerr ? STALE_SAME
		       : now.lerr	       ? STALE_CHANGED
					       : STALE_APPEARED;
	if (now.lerr)
		return now.lerr == ENOENT || now.lerr == ENOTDIR ? STALE_GONE : STALE_CHANGED;
	if (S_ISDIR(entry->st.mode) && S_ISDIR(now.st.mode))
		return compare_directory(r, i, &now.st);
	if (S_ISREG(entry->st.mode))
		return compare_file(r, i, &now.st);
	return same_file(&entry->st, &now.st) &&
			       (!entry->target || strcmp(entry->target, now.target) == 0)
		       ? STALE_SAME
		       : STALE_CHANGED;
}

/* ---- many ---- */

/* Each thread has a stretch of the list, so that the directories that it needs are mostly its own. */
struct stretch {
	struct stale *stale;
	const uint32_t *list;
	uint32_t n;
};

static void *work(void *arg)
{
	const struct stretch *t = arg;
	struct stale_reach r;
	uint32_t i;

	stale_reach_start(&r, t->stale->cache);
	for (i = 0; i < t->n; i++)
		t->stale->state[t->list[i]] = compare(&r, t->list[i]);
	stale_reach_end(&r);
	return NULL;
}

static void run(struct stale *s, const uint32_t *list, uint32_t n)
{
	struct stretch stretches[MAX_THREADS];
	pthread_t threads[MAX_THREADS];
	unsigned want = s->threads ? s->threads : THREADS, i;
	unsigned char started[MAX_THREADS] = {0};
	uint32_t first;

	if (want > MAX_THREADS)
		want = MAX_THREADS;
	if (want > n / TAKE + 1)
		want = n / TAKE + 1;
	for (i = 0; i < want; i++) {
		first = (uint32_t)((uint64_t)n * i / want);
		stretches[i] = (struct stretch){s, list + first,
						(uint32_t)((uint64_t)n * (i + 1) / want) - first};
		started[i] = i && pthread_create(&threads[i], NULL, work, &stretches[i]) == 0;
	}
	for (i = 0; i < want; i++)
		if (!started[i])
			work(&stretches[i]);
	for (i = 0; i < want; i++)
		if (started[i])
			pthread_join(threads[i], NULL);
	s->checked += n;
}

/* An absent name needs no lstat if its directory is as it was, or is absent, too. */
static int needs_look(const struct stale *s, uint32_t i)
{
	const struct dlfm_cache_entry *parent = &s->cache->entries[s->cache->entries[i].parent];
	uint32_t p = s->cache->entries[i].parent;

	if (!(parent->flags & DLFM_ENTRY_KNOWN))
		return 1;
	if (parent->lerr)
		return s->state[p] != STALE_SAME;
	return s->state[p] != STALE_SAME || is_racy(s->cache, parent);
}

static int is_compared(const struct dlfm_cache *c, uint32_t i)
{
	return c->entries[i].flags & DLFM_ENTRY_KNOWN && stale_is_direct(c, i);
}

/* Absent names, from the top down: what is below an absent directory matters once that has appeared. */
static void compare_absent(struct stale *s, uint32_t *list, unsigned char *done)
{
	const struct dlfm_cache *c = s->cache;
	uint32_t i, n = 1;
	int round;

	for (round = 0; n && round < MAX_ROUNDS; round++) {
		for (n = 0, i = 0; i < c->n_entries; i++) {
			if (done[i] || !is_compared(c, i) || !c->entries[i].lerr ||
			    !needs_look(s, i))
				continue;
			if (c->entries[c->entries[i].parent].lerr && !done[c->entries[i].parent])
				continue;
			done[i] = 1;
			list[n++] = i;
		}
		run(s, list, n);
	}
}

static void count(struct stale *s)
{
	uint32_t i;

	for (i = 0; i < s->cache->n_entries; i++)
		s->n[s->state[i]]++;
}

int stale_compare(struct stale *s, struct dlfm_error *e)
{
	const struct dlfm_cache *c = s->cache;
	uint32_t *list = calloc((size_t)c->n_entries + 1, sizeof(*list)), n = 0, i;
	unsigned char *done = calloc((size_t)c->n_entries + 1, 1);

	s->began = (int64_t)time(NULL);
	s->state = calloc((size_t)c->n_entries + 1, 1);
	if (!list || !done || !s->state) {
		free(list);
		free(done);
		return dlfm_errf(e, "no memory for %u entries", c->n_entries);
	}
	for (i = 0; i < c->n_entries; i++)
		if (is_compared(c, i) && c->entries[i].lerr == 0)
			list[n++] = i;
	run(s, list, n);
	compare_absent(s, list, done);
	count(s);
	free(list);
	free(done);
	return 0;
}
