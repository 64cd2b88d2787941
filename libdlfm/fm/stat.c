/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stat(2), lstat(2), fstatat(2) in all their exported forms: by their own names (glibc 2.33 and
 * newer) and as
 * __xstat and kin, which programs linked before call. struct stat and struct stat64 are one on
 * 64-bit processors.
 */
#include "libdlfm/fm/fm.h"

static struct timespec time_of(const struct dlfm_image_time *t)
{
	return (struct timespec){.tv_sec = t->sec, .tv_nsec = t->nsec};
}

static void fill(struct stat *st, const struct dlfm_image_stat *s)
{
	*st = (struct stat){
		.st_dev = s->dev,
		.st_ino = s->ino,
		.st_mode = s->mode,
		.st_nlink = s->nlink,
		.st_uid = s->uid,
		.st_gid = s->gid,
		.st_rdev = s->rdev,
		.st_size = (off_t)s->size,
		.st_blksize = s->blksize,
		.st_blocks = (blkcnt_t)s->blocks,
		.st_atim = time_of(&s->atime),
		.st_mtim = time_of(&s->mtime),
		.st_ctim = time_of(&s->ctime),
	};
}

static int answer(int dirfd, const char *path, int flags, void *st)
{
	struct dlfm_found found;

	if (!fm_on() || flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return FM_PASS;
	found = fm_ask(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
	if (found.answer == DLFM_PRESENT) {
		fill(st, &fm_entry(found)->st);
		return 0;
	}
	return found.answer == DLFM_ABSENT ? fm_fail(found.err) : FM_PASS;
}

static int note(int dirfd, const char *path, int flags, int rc)
{
	return fm_note(dirfd, path, flags & AT_SYMLINK_NOFOLLOW ? DLFM_OP_LSTAT : DLFM_OP_STAT, rc);
}

/* One wrapper: the answer of the image, or the real function with its own arguments. */
#define STAT_BODY(dirfd, path, flags, st, call)                                                    \
	int rc = answer(dirfd, path, flags, st);                                                   \
	return rc != FM_PASS ? rc : note(dirfd, path, flags, call)

FM_EXPORT int stat(const char *path, struct stat *st)
{
	STAT_BODY(AT_FDCWD, path, 0, st, REAL(stat)(path, st));
}

FM_EXPORT int stat64(const char *path, struct stat64 *st)
{
	STAT_BODY(AT_FDCWD, path, 0, st, REAL(stat64)(path, st));
}

FM_EXPORT int lstat(const char *path, struct stat *st)
{
	STAT_BODY(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, st, REAL(lstat)(path, st));
}

FM_EXPORT int lstat64(const char *path, struct stat64 *st)
{
	STAT_BODY(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, st, REAL(lstat64)(path, st));
}

FM_EXPORT int fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	STAT_BODY(dirfd, path, flags, st, REAL(fstatat)(dirfd, path, st, flags));
}

FM_EXPORT int fstatat64(int dirfd, const char *path, struct stat64 *st, int flags)
{
	STAT_BODY(dirfd, path, flags, st, REAL(fstatat64)(dirfd, path, st, flags));
}

/* Of another version only the real function knows what it means. */
#define XSTAT_BODY(dirfd, path, flags, st, call)                                                   \
	int rc = ver == FM_STAT_VERSION ? answer(dirfd, path, flags, st) : FM_PASS;                \
	return rc != FM_PASS ? rc : note(dirfd, path, flags, call)

FM_EXPORT int __xstat(int ver, const char *path, struct stat *st)
{
	XSTAT_BODY(AT_FDCWD, path, 0, st, REAL(__xstat)(ver, path, st));
}

FM_EXPORT int __xstat64(int ver, const char *path, struct stat64 *st)
{
	XSTAT_BODY(AT_FDCWD, path, 0, st, REAL(__xstat64)(ver, path, st));
}

FM_EXPORT int __lxstat(int ver, const char *path, struct stat *st)
{
	XSTAT_BODY(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, st, REAL(__lxstat)(ver, path, st));
}

FM_EXPORT int __lxstat64(int ver, const char *path, struct stat64 *st)
{
	XSTAT_BODY(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, st, REAL(__lxstat64)(ver, path, st));
}

FM_EXPORT int __fxstatat(int ver, int dirfd, const char *path, struct stat *st, int flags)
{
	XSTAT_BODY(dirfd, path, flags, st, REAL(__fxstatat)(ver, dirfd, path, st, flags));
}

FM_EXPORT int __fxstatat64(int ver, int dirfd, const char *path, struct stat64 *st, int flags)
{
	XSTAT_BODY(dirfd, path, flags, st, REAL(__fxstatat64)(ver, dirfd, path, st, flags));
}
