/* SPDX-License-Identifier: BSD-3-Clause */
/* The lock of a cache that is changed in place. */
#include "config.h"

#include "cache-tools/cache-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_SECONDS = 300, STEP_MS = 50, LEFT_SECONDS = 600, HOST = 64 };

/* ---- flock(2) ---- */

/* Is the locked file still the one of that name? Another one may have put a new one there. */
static int is_current(int fd, const char *cache)
{
	struct stat locked, named;

	return fstat(fd, &locked) == 0 && stat(cache, &named) == 0 &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* Waits a step; -1 with errno ETIMEDOUT if it has been enough. */
static int wait_a_step(int *waited_ms)
{
	const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	if (*waited_ms >= LOCK_SECONDS * 1000) {
		errno = ETIMEDOUT;
		return -1;
	}
	nanosleep(&step, NULL);
	*waited_ms += STEP_MS;
	return 0;
}

/* EBADF: NFS, of a file that is open for reading only. */
static int has_no_locks(int err)
{
	return err == ENOLCK || err == ENOSYS || err == EOPNOTSUPP || err == EINVAL || err == EBADF;
}

/* Writable, as NFS wants it for an exclusive lock (flock(2)); one's own read-only cache will be replaced all the same. */
static int open_cache(const char *cache)
{
	const int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = open(cache, O_RDWR | flags);
	struct stat st;

	if (fd < 0 && errno == EACCES && stat(cache, &st) == 0 && st.st_uid == geteuid())
		fd = open(cache, O_RDONLY | flags);
	return fd;
}

/* 1: locked; 0: the file system has no locks; -1 with errno. */
static int try_flock(struct dlfm_cache_lock *l, const char *cache, int *waited_ms)
{
	for (;;) {
		l->fd = open_cache(cache);
		if (l->fd < 0)
			return -1;
		while (flock(l->fd, LOCK_EX | LOCK_NB) < 0) {
			if (has_no_locks(errno))
				return 0;
			if (errno != EWOULDBLOCK || wait_a_step(waited_ms) < 0)
				return -1;
		}
		if (is_current(l->fd, cache))
			return 1;
		close(l->fd);
	}
}

/* ---- a lock file ---- */

struct holder {
	char host[HOST];
	long pid;
};

static void this_process(struct holder *h)
{
	memset(h, 0, sizeof(*h));
	if (gethostname(h->host, sizeof(h->host) - 1) < 0 || !*h->host)
		snprintf(h->host, sizeof(h->host), "localhost");
	h->pid = getpid();
}

/* "-" for a name in between that nobody else uses. */
static void beside(char path[PATH_MAX], const struct dlfm_cache_lock *l)
{
	struct holder me;

	this_process(&me);
	snprintf(path, PATH_MAX, "%.*s-%s.%ld", PATH_MAX - 100, l->file, me.host, me.pid);
}

static int is_left(const char *file, const struct stat *st)
{
	struct holder h, me;
	char text[128] = "";
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	this_process(&me);
	if (n > 0 && sscanf(text, "%63s %ld", h.host, &h.pid) == 2 && strcmp(h.host, me.host) == 0)
		return kill((pid_t)h.pid, 0) < 0 && errno == ESRCH;
	return st->st_mtim.tv_sec + LEFT_SECONDS < time(NULL);
}

/* Takes a lock file away that was left, and no other one that stands there meanwhile. */
static void take_away(const struct dlfm_cache_lock *l, const struct stat *left)
{
	char aside[PATH_MAX];
	struct stat st;

	beside(aside, l);
	if (rename(l->file, aside) < 0)
		return;
	if (lstat(aside, &st) == 0 && (st.st_ino != left->st_ino || st.st_dev != left->st_dev) &&
	    link(aside, l->file) < 0 && errno != EEXIST)
		return; /* there are no links: its owner's lock stays aside, and all wait for their time */
	unlink(aside);
}

/* Appears with its text in it, or not at all. */
static int make_lock_file(const struct dlfm_cache_lock *l)
{
	struct holder me;
	int fd = open(l->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -1;
	this_process(&me);
	dprintf(fd, "%s %ld\n", me.host, me.pid);
	close(fd);
	return 0;
}

static int wait_for_lock_file(struct dlfm_cache_lock *l, const char *cache, int *waited_ms)
{
	char real[PATH_MAX];
	const char *slash;
	struct stat st;

	if (!realpath(cache, real) || strlen(real) > PATH_MAX - 200)
		return -1;
	slash = strrchr(real, '/');
	snprintf(l->file, sizeof(l->file), "%.*s/.%s.lock", (int)(slash - real), real, slash + 1);
	while (make_lock_file(l) < 0) {
		if (errno != EEXIST)
			goto fail;
		if (lstat(l->file, &st) == 0 && is_left(l->file, &st))
			take_away(l, &st);
		else if (wait_a_step(waited_ms) < 0)
			goto fail;
	}
	return 0;
fail:
	l->file[0] = 0;
	return -1;
}

int dlfm_cache_lock(struct dlfm_cache_lock *l, const char *cache, struct dlfm_error *e)
{
	int waited = 0, rc;

	*l = (struct dlfm_cache_lock){.fd = -1};
	rc = try_flock(l, cache, &waited);
	if (rc < 0 && l->fd < 0)
		return dlfm_errnof(e, "%s: cannot be opened for writing", cache);
	if (rc == 0)
		rc = wait_for_lock_file(l, cache, &waited);
	if (rc >= 0)
		return 0;
	dlfm_errnof(e, "%s: cannot be locked within %d s", cache, LOCK_SECONDS);
	dlfm_cache_unlock(l);
	return -1;
}

void dlfm_cache_unlock(struct dlfm_cache_lock *l)
{
	if (l->file[0])
		unlink(l->file);
	if (l->fd >= 0)
		close(l->fd);
	*l = (struct dlfm_cache_lock){.fd = -1};
}
