/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an older libc lacks. Before glibc 2.33 stat and mknod were no symbols of libc.so.6, but a
 * program that asks dlsym(3) for one finds ours: it is answered by __xstat and kin then. And the
 * other way round, should a libc drop these.
 */
#include "libdlfm/fm/fm.h"

static int old_stat(const char *path, struct stat *st)
{
	return REAL(__xstat)(FM_STAT_VERSION, path, st);
}

static int old_lstat(const char *path, struct stat *st)
{
	return REAL(__lxstat)(FM_STAT_VERSION, path, st);
}

static int old_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return REAL(__fxstatat)(FM_STAT_VERSION, dirfd, path, st, flags);
}

static int old_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	return REAL(__xmknodat)(0, dirfd, path, mode, &dev); /* _MKNOD_VER is 0 */
}

static int old_mknod(const char *path, mode_t mode, dev_t dev)
{
	return old_mknodat(AT_FDCWD, path, mode, dev);
}

static int fails(void)
{
	return fm_fail(ENOSYS);
}

#define SUBSTITUTE(name, function)                                                                 \
	do {                                                                                       \
		if (!REAL(name))                                                                   \
			*(void **)&REAL(name) = (void *)(function);                                \
	} while (0)

void fm_fill_missing(void)
{
	SUBSTITUTE(stat, old_stat);
	SUBSTITUTE(stat64, old_stat);
	SUBSTITUTE(lstat, old_lstat);
	SUBSTITUTE(lstat64, old_lstat);
	SUBSTITUTE(fstatat, old_fstatat);
	SUBSTITUTE(fstatat64, old_fstatat);
	SUBSTITUTE(mknod, old_mknod);
	SUBSTITUTE(mknodat, old_mknodat);
#define X(result, name, params) SUBSTITUTE(name, fails);
	DLFM_FM_CALLS(X)
#undef X
}
