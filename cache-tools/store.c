/* SPDX-License-Identifier: BSD-3-Clause */
/* A user's store: opening, checking, locking. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/store.h"
#include "libdlfm/image.h"

enum { LOCK_SECONDS = 10, MAX_TRIES = 100 };

const char *const *dlfm_store_dirs(const char *const *dirs)
{
	static __thread const char *list[4];
	const char *tmpdir = getenv("TMPDIR");
	int n = 0;

	if (dirs && dirs[0])
		return dirs;
	list[n++] = "/dev/shm";
	if (tmpdir && tmpdir[0] == '/')
		list[n++] = tmpdir;
	list[n++] = "/tmp";
	list[n] = NULL;
	return list;
}

/* Who may write into a directory may rename what is in it, unless it is sticky. */
static int check_above(int fd, const char *dir, uid_t uid, struct dlfm_error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return dlfm_errnof(e, "%s", dir);
	if (st.st_uid != 0 && st.st_uid != uid)
		return dlfm_errf(e,
				 "%s belongs to uid %u, neither the user's nor root's; name "
				 "another directory",
				 dir, st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH) && !(st.st_mode & S_ISVTX))
		return dlfm_errf(e,
				 "%s is writable by others and not sticky (mode %04o); chmod +t "
				 "it, or name another directory",
				 dir, st.st_mode & 07777);
	return 0;
}

/* What is below must be the user's alone. */
static int check_own(int fd, const char *path, uid_t uid, struct dlfm_error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return dlfm_errnof(e, "%s", path);
	if (st.st_uid != uid)
		return dlfm_errf(e,
				 "%s belongs to uid %u, not to uid %u, so it is not used; name "
				 "another directory",
				 path, st.st_uid, uid);
	if (st.st_mode & 077)
		return dlfm_errf(e, "%s is open to others (mode %04o); remove it", path,
				 st.st_mode & 07777);
	return 0;
}

/* Opens directory `name` in `at`: its descriptor; -2: not there; -1 with a text. */
static int open_own(int at, const char *name, const char *path, uid_t uid, int make,
		    struct dlfm_error *e)
{
	int fd;

	if (make && mkdirat(at, name, 0700) < 0 && errno != EEXIST)
		return dlfm_errnof(e, "cannot make %s", path);
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return -2;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return dlfm_errf(e, "%s is not a directory; remove it", path);
	if (fd < 0)
		return dlfm_errnof(e, "%s", path);
	if (check_own(fd, path, uid, e) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_leases(struct dlfm_store *s, int make, struct dlfm_error *e)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s/leases", s->path);
	s->leases = open_own(s->fd, "leases", path, s->uid, make, e);
	if (s->leases == -2) {
		s->leases = -1;
		return 0;
	}
	return s->leases < 0 ? -1 : 0;
}

static int open_lock(struct dlfm_store *s, struct dlfm_error *e)
{
	s->lock =
		openat(s->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (s->lock < 0)
		return dlfm_errnof(e, "%s/lock", s->path);
	return 0;
}

/* Has somebody else just taken the name? Then the next try has another one. */
static int is_taken(int above, const char *name, uid_t uid)
{
	struct stat st;

	return fstatat(above, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid != uid &&
	       st.st_uid != 0;
}

/* 1, 0 or -1 as dlfm_store_open(); -2: it was removed while it was opened. */
static int open_below(struct dlfm_store *s, int above, const char *dir, struct dlfm_error *e)
{
	int make = s->how == DLFM_STORE_MAKE, n, rc;
	char name[DLFM_STORE_NAME];

	rc = dlfm_store_name(above, s->uid, make, name, e);
	if (rc <= 0)
		return rc < 0 ? dlfm_err_prefix(e, "%s", dir) : 0;
	n = snprintf(s->path, sizeof(s->path), "%s/%s", strcmp(dir, "/") ? dir : "", name);
	if (n < 0 || n >= (int)sizeof(s->path))
		return dlfm_errf(e, "%.100s...: the path is too long", dir);
	s->fd = open_own(above, name, s->path, s->uid, make, e);
	if (s->fd == -1 && make && is_taken(above, name, s->uid))
		return -2;
	if (s->fd < 0)
		return s->fd == -2 ? (make ? -2 : 0) : -1;
	errno = 0;
	if (open_leases(s, make, e) == 0 && (s->how == DLFM_STORE_LOOK || open_lock(s, e) == 0))
		return 1;
	return errno == ENOENT ? -2 : -1;
}

static int open_once(struct dlfm_store *s, const char *dir, struct dlfm_error *e)
{
	int above = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (above < 0)
		return errno == ENOENT && s->how != DLFM_STORE_MAKE ? 0 : dlfm_errnof(e, "%s", dir);
	rc = check_above(above, dir, s->uid, e);
	if (rc == 0)
		rc = open_below(s, above, dir, e);
	close(above);
	return rc;
}

int dlfm_store_open(struct dlfm_store *s, const char *dir, uid_t uid, enum dlfm_store_how how,
		    struct dlfm_error *e)
{
	int rc, tries;

	*s = (struct dlfm_store){.fd = -1, .leases = -1, .lock = -1, .uid = uid, .how = how};
	if (dir[0] != '/')
		return dlfm_errf(e, "%s is not an absolute path", dir);
	for (tries = 0; tries < MAX_TRIES; tries++) {
		rc = open_once(s, dir, e);
		if (rc == 1)
			return 1;
		dlfm_store_close(s);
		if (rc != -2)
			return rc;
		if (how != DLFM_STORE_MAKE)
			return 0;
	}
	return dlfm_errf(e, "%s is removed by others as often as it is made; try again", s->path);
}

void dlfm_store_close(struct dlfm_store *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->leases >= 0)
		close(s->leases);
	if (s->lock >= 0)
		close(s->lock);
	s->fd = s->leases = s->lock = -1;
}

static int flock_bounded(const struct dlfm_store *s, struct dlfm_error *e)
{
	struct timespec pause = {.tv_nsec = 500000}, start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (flock(s->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return dlfm_errnof(e, "cannot lock %s/lock", s->path);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > LOCK_SECONDS)
			return dlfm_errf(e,
					 "%s/lock is held by another process for more than %d "
					 "seconds; try again",
					 s->path, LOCK_SECONDS);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 10000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}

/* Another process may have retired the store between our open and our lock. */
static int is_current(const struct dlfm_store *s)
{
	struct stat st;

	return fstat(s->lock, &st) == 0 && st.st_nlink > 0;
}

int dlfm_store_lock(struct dlfm_store *s, struct dlfm_error *e)
{
	char dir[PATH_MAX];
	int tries, rc;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		if (flock_bounded(s, e) < 0)
			return -1;
		if (is_current(s))
			return 0;
		dlfm_store_close(s);
		memcpy(dir, s->path, sizeof(dir));
		*strrchr(dir, '/') = '\0';
		rc = dlfm_store_open(s, *dir ? dir : "/", s->uid, s->how, e);
		if (rc <= 0)
			return rc < 0 ? -1 : 1;
	}
	return dlfm_errf(e, "%s is removed by others as often as it is made; try again", s->path);
}

DIR *dlfm_store_names(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d && copy >= 0)
		close(copy);
	return d;
}

void dlfm_store_retire(struct dlfm_store *s)
{
	struct dirent *de;
	int others = 0;
	DIR *d = dlfm_store_names(s->fd);

	while (d && (de = readdir(d)))
		others += strcmp(de->d_name, ".") && strcmp(de->d_name, "..") &&
			  strcmp(de->d_name, "leases") && strcmp(de->d_name, "lock");
	if (d)
		closedir(d);
	if (!d || others || (unlinkat(s->fd, "leases", AT_REMOVEDIR) < 0 && errno != ENOENT))
		return;
	unlinkat(s->fd, "lock", 0);
	rmdir(s->path);
}

void dlfm_store_unlock(struct dlfm_store *s)
{
	flock(s->lock, LOCK_UN);
}

int dlfm_store_is_id(const char *name)
{
	return strlen(name) == DLFM_CACHE_ID_TEXT - 1 &&
	       strspn(name, "0123456789abcdef") == DLFM_CACHE_ID_TEXT - 1;
}

/* The index tells of which cache an image is. */
static int check_index(int image, const char *path, const char *id, struct dlfm_error *e)
{
	struct dlfm_image_header h;
	char digits[DLFM_CACHE_ID_TEXT];
	int fd = openat(image, "index", O_RDONLY | O_NOFOLLOW | O_CLOEXEC), i;
	ssize_t n;

	if (fd < 0)
		return dlfm_errnof(e, "%s/index", path);
	n = read(fd, &h, sizeof(h));
	close(fd);
	for (i = 0; i < 16 && n == sizeof(h); i++)
		sprintf(digits + 2 * i, "%02x", h.cache_id[i]);
	if (n != sizeof(h) || memcmp(h.magic, DLFM_IMAGE_MAGIC, sizeof(h.magic)) != 0 ||
	    strcmp(digits, id) != 0)
		return dlfm_errf(e, "%s/index is not that of cache %s; remove %s", path, id, path);
	if (h.version != DLFM_IMAGE_VERSION)
		return dlfm_errf(
			e,
			"%s is of another version of DLFM; remove it (dlfm clean, with that "
			"version)",
			path);
	return 0;
}

int dlfm_store_has(const struct dlfm_store *s, const char *id, struct dlfm_error *e)
{
	char path[PATH_MAX + DLFM_CACHE_ID_TEXT];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s", s->path, id);
	fd = open_own(s->fd, id, path, s->uid, 0, e);
	if (fd == -2)
		return 0;
	if (fd < 0)
		return -1;
	rc = check_index(fd, path, id, e);
	close(fd);
	return rc < 0 ? -1 : 1;
}
