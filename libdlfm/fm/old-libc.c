/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an older libc lacks: statx and renameat2 before glibc 2.28; stat and mknod, which were no symbols of libc.so.6 before
 * 2.33. But a program that asks dlsym(3) for one finds ours: it is answered by the system call, or by __xstat and kin.
 */
#include "libdlfm/fm/fm.h"

#include "libdlfm/sys.h"

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

static int result(long rc)
{
	return rc < 0 ? fm_fail((int)-rc) : (int)rc;
}

#ifdef SYS_statx
static int old_statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)
{
	return result(dlfm_sys6(SYS_statx, dirfd, (long)path, flags, mask, (long)stx, 0));
}
#endif

static int old_renameat2(int fromfd, const char *from, int tofd, const char *to, unsigned flags)
{
	return result(dlfm_sys6(SYS_renameat2, fromfd, (long)from, tofd, (long)to, flags, 0));
}

static int fails(void)
{
	return fm_fail(ENOSYS);
}

#define SUBSTITUTE(name, function)                                                                 \
	do {                                                                                       \
		if (!real->name)                                                                   \
			*(void **)&real->name = (void *)(function);                                \
	} while (0)

void fm_fill_missing(struct fm_real *real)
{
	SUBSTITUTE(stat, old_stat);
	SUBSTITUTE(stat64, old_stat);
	SUBSTITUTE(lstat, old_lstat);
	SUBSTITUTE(lstat64, old_lstat);
	SUBSTITUTE(fstatat, old_fstatat);
	SUBSTITUTE(fstatat64, old_fstatat);
	SUBSTITUTE(mknod, old_mknod);
	SUBSTITUTE(mknodat, old_mknodat);
#ifdef SYS_statx
	SUBSTITUTE(statx, old_statx);
#endif
	SUBSTITUTE(renameat2, old_renameat2);
#define X(result, name, params) SUBSTITUTE(name, fails);
	DLFM_FM_CALLS(X)
#undef X
}
