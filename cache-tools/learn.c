/* SPDX-License-Identifier: BSD-3-Clause */
/* Learning: a lock on the cache's file, a small cache of what was missing, a merge. */
#include "config.h"

#include "cache-tools/learn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/merge.h"
#include "cache-tools/pack.h"
#include "cache-tools/report.h"

enum { LOCK_SECONDS = 60, STEP_MS = 50 };

/* Is the locked file still the one of that name? Another learner may have put a new one there. */
static int is_current(int fd, const char *cache)
{
	struct stat locked, named;

	return fstat(fd, &locked) == 0 && stat(cache, &named) == 0 &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* Waits a little for one lock; 0, or -1 with errno. */
static int try_lock(int fd, int *waited_ms)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK || *waited_ms >= LOCK_SECONDS * 1000)
			return -1;
		nanosleep(&step, NULL);
		*waited_ms += STEP_MS;
	}
	return 0;
}

/* A descriptor that holds the lock until it is closed. Writable, as NFS wants it for an exclusive one (flock(2)). */
static int lock_cache(const char *cache, struct dlfm_error *e)
{
	int waited = 0, fd;

	for (;;) {
		fd = open(cache, O_RDWR | O_CLOEXEC | O_NONBLOCK);
		if (fd == -1)
			return dlfm_errnof(e, "%s: cannot be opened for writing", cache);
		if (try_lock(fd, &waited) == -1) {
			dlfm_errnof(e, "%s: cannot be locked within %d s", cache, LOCK_SECONDS);
			close(fd);
			return -1;
		}
		if (is_current(fd, cache))
			return fd;
		close(fd);
	}
}

static int anything_missed(const char *const *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dlfm_report *r = dlfm_report_read(dirs[i], NULL);
		uint32_t misses = r ? r->n_misses : 0;

		dlfm_report_free(r);
		if (misses)
			return 1;
	}
	return 0;
}

/* Packs into a file without a name, so that none is left however this ends; its descriptor, or -1 with a text. */
static int pack_unnamed(const char *cache, const char *const *dirs, size_t n, struct dlfm_error *e)
{
	struct dlfm_cache_file f;
	struct dlfm_pack_report report;
	struct dlfm_policy policy;
	int fd = -1, rc;
	const struct dlfm_pack_options options = {.policy = &policy, .unnamed = &fd};

	if (dlfm_cache_open(&f, cache, e) < 0)
		return -1;
	dlfm_policy_default(&policy);
	if (f.cache->scope != DLFM_SCOPE_DEFAULT)
		policy.scope = f.cache->scope;
	dlfm_cache_close(&f);
	rc = dlfm_pack(dirs, n, cache, &options, &report, e);
	dlfm_policy_free(&policy);
	return rc < 0 ? -1 : fd;
}

static int merge_locked(const char *cache, int learnt, struct dlfm_error *e)
{
	char name[32];
	struct dlfm_cache_file files[2];
	const struct dlfm_cache_file *list[2] = {&files[0], &files[1]};
	int rc = -1;

	if (dlfm_cache_open(&files[0], cache, e) < 0)
		return -1;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", learnt);
	if (dlfm_cache_open(&files[1], name, e) == 0) {
		rc = dlfm_merge(list, 2, cache, e);
		dlfm_cache_close(&files[1]);
	}
	dlfm_cache_close(&files[0]);
	return rc;
}

int dlfm_learn(const char *cache, const char *const *journal_dirs, size_t n, struct dlfm_error *e)
{
	int learnt, lock, rc;

	if (!anything_missed(journal_dirs, n)) {
		dlfm_errf(e, "nothing went to the file system");
		return 0;
	}
	learnt = pack_unnamed(cache, journal_dirs, n, e);
	if (learnt < 0)
		return 0;
	lock = lock_cache(cache, e);
	rc = lock < 0 ? -1 : merge_locked(cache, learnt, e);
	if (lock >= 0)
		close(lock);
	close(learnt);
	return rc < 0 ? -1 : 1;
}
