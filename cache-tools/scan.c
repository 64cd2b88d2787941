/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking a path up afresh in the file system. */
#include "config.h"

#include "cache-tools/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cache-tools/arena.h"

static struct dlfm_image_time time_of(const struct timespec *t)
{
	return (struct dlfm_image_time){.sec = t->tv_sec, .nsec = (uint32_t)t->tv_nsec};
}

void dlfm_scan_stat(struct dlfm_image_stat *to, const struct stat *from)
{
	*to = (struct dlfm_image_stat){
		.dev = from->st_dev,
		.ino = from->st_ino,
		.rdev = from->st_rdev,
		.size = (uint64_t)from->st_size,
		.blocks = (uint64_t)from->st_blocks,
		.mode = from->st_mode,
		.nlink = (uint32_t)from->st_nlink,
		.uid = from->st_uid,
		.gid = from->st_gid,
		.blksize = (uint32_t)from->st_blksize,
		.atime = time_of(&from->st_atim),
		.mtime = time_of(&from->st_mtim),
		.ctime = time_of(&from->st_ctim),
	};
}

static void read_target(struct dlfm_scan *s, int dir, const char *name)
{
	ssize_t n;

	if (!S_ISLNK(s->st.mode))
		return;
	n = readlinkat(dir, name, s->target, sizeof(s->target) - 1);
	if (n <= 0 || n == sizeof(s->target) - 1) {
		s->lerr = n < 0 ? errno : ENAMETOOLONG;
		n = 0;
	}
	s->target[n] = 0;
}

void dlfm_scan_at(struct dlfm_scan *s, int dir, const char *name)
{
	struct stat st;
	const int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);

	s->lerr = fstatat(dir, name, &st, flags) < 0 ? errno : 0;
	s->target[0] = 0;
	memset(&s->st, 0, sizeof(s->st));
	if (s->lerr)
		return;
	dlfm_scan_stat(&s->st, &st);
	read_target(s, dir, name);
}

#ifdef AT_STATX_FORCE_SYNC
static struct dlfm_image_time time_of_statx(const struct statx_timestamp *t)
{
	return (struct dlfm_image_time){.sec = t->tv_sec, .nsec = t->tv_nsec};
}

void dlfm_scan_now(struct dlfm_scan *s, int dir, const char *name)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_STATX_FORCE_SYNC;
	struct statx st;

	s->target[0] = 0;
	s->lerr = statx(dir, name, flags, STATX_BASIC_STATS, &st) < 0 ? errno : 0;
	if (s->lerr == ENOSYS || s->lerr == EPERM || s->lerr == EINVAL) {
		dlfm_scan_at(s, dir, name); /* a kernel or sandbox without statx(2) */
		return;
	}
	memset(&s->st, 0, sizeof(s->st));
	if (s->lerr)
		return;
	s->st = (struct dlfm_image_stat){
		.dev = makedev(st.stx_dev_major, st.stx_dev_minor),
		.ino = st.stx_ino,
		.rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor),
		.size = st.stx_size,
		.blocks = st.stx_blocks,
		.mode = st.stx_mode,
		.nlink = st.stx_nlink,
		.uid = st.stx_uid,
		.gid = st.stx_gid,
		.blksize = st.stx_blksize,
		.atime = time_of_statx(&st.stx_atime),
		.mtime = time_of_statx(&st.stx_mtime),
		.ctime = time_of_statx(&st.stx_ctime),
	};
	read_target(s, dir, name);
}
#else
void dlfm_scan_now(struct dlfm_scan *s, int dir, const char *name)
{
	dlfm_scan_at(s, dir, name);
}
#endif

void dlfm_scan_path(struct dlfm_scan *s, const char *path)
{
	dlfm_scan_at(s, AT_FDCWD, path);
}

/* Nobody, not even root, may execute a file without any x: that need not be asked, and each question may be a request. */
uint32_t dlfm_scan_access_at(int dir, const char *name, uint32_t mode)
{
	static const int modes[] = {R_OK, W_OK, X_OK};
	const int possible = R_OK | W_OK | (S_ISDIR(mode) || (mode & 0111) ? X_OK : 0);
	uint32_t granted = 0;
	int i;

	if (faccessat(dir, name, possible, 0) == 0)
		return (uint32_t)possible;
	for (i = 0; i < 3; i++)
		if ((possible & modes[i]) && faccessat(dir, name, modes[i], 0) == 0)
			granted |= (uint32_t)modes[i];
	return granted;
}

uint32_t dlfm_scan_access(const char *path)
{
	return dlfm_scan_access_at(AT_FDCWD, path, 0777);
}

/* The names go to the cache's memory one by one, the array when its length is known. */
static int read_names(struct dlfm_cache *c, DIR *dir, struct dlfm_cache_name **names, uint32_t *n)
{
	uint32_t max = 0;

	for (*names = NULL, *n = 0;; ++*n) {
		struct dlfm_cache_name *name;
		struct dirent *d;

		do {
			errno = 0;
			d = readdir(dir);
		} while (d && (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0));
		if (!d)
			return errno ? -1 : 0;
		if (dlfm_grow(names, *n, &max, sizeof(**names)) < 0)
			return -1;
		name = *names + *n;
		name->len = (uint32_t)strlen(d->d_name);
		name->name = dlfm_cache_text(c, d->d_name, name->len);
		name->ino = d->d_ino;
		name->type = d->d_type;
		if (!name->name)
			return -1;
	}
}

static DIR *open_directory(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !dir)
		close(fd);
	return dir;
}

int dlfm_scan_list(struct dlfm_cache *c, struct dlfm_cache_entry *entry)
{
	return dlfm_scan_list_at(c, entry, AT_FDCWD, entry->path);
}

int dlfm_scan_list_at(struct dlfm_cache *c, struct dlfm_cache_entry *entry, int at,
		      const char *name)
{
	DIR *dir = open_directory(at, name);
	struct dlfm_cache_name *names, *copy;
	uint32_t n;
	int rc;

	if (!dir)
		return -1;
	rc = read_names(c, dir, &names, &n);
	closedir(dir);
	copy = rc == 0 ? dlfm_cache_alloc(c, n * sizeof(*copy)) : NULL;
	if (copy) {
		if (n)
			memcpy(copy, names, n * sizeof(*copy));
		entry->names = copy;
		entry->n_names = n;
		entry->flags |= DLFM_ENTRY_LISTED;
	}
	free(names);
	return copy ? 0 : -1;
}

static int same_time(const struct dlfm_image_time *a, const struct dlfm_image_time *b)
{
	return a->sec == b->sec && a->nsec == b->nsec;
}

int dlfm_scan_same(const struct dlfm_image_stat *a, const struct dlfm_image_stat *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size && a->mode == b->mode &&
	       same_time(&a->mtime, &b->mtime) && same_time(&a->ctime, &b->ctime);
}
