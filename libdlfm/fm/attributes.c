/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls that change what stat(2) tells of a file, by its name. A directory's rights decide about
 * everything below it, hence DLFM_DIRTY_TREE for those.
 */
#include "libdlfm/fm/change.h"

#define ATTRIBUTE_BODY(dirfd, path, follow, how, call)                                             \
	struct fm_change change;                                                                   \
                                                                                                   \
	if (!fm_on())                                                                              \
		return call;                                                                       \
	fm_change_begin(&change, dirfd, path, (follow) ? FM_FOLLOW : FM_NOFOLLOW, how);            \
	path = fm_change_path(&change, path);                                                      \
	return fm_change_end(&change, call)

#define RIGHTS DLFM_DIRTY_TREE
#define OTHER  DLFM_DIRTY_SELF

FM_EXPORT int truncate(const char *path, off_t size)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, OTHER, REAL(truncate)(path, size));
}

FM_EXPORT int truncate64(const char *path, off64_t size)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, OTHER, REAL(truncate64)(path, size));
}

FM_EXPORT int chmod(const char *path, mode_t mode)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, RIGHTS, REAL(chmod)(path, mode));
}

FM_EXPORT int lchmod(const char *path, mode_t mode)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 0, RIGHTS, REAL(lchmod)(path, mode));
}

FM_EXPORT int fchmodat(int dirfd, const char *path, mode_t mode, int flags)
{
	ATTRIBUTE_BODY(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), RIGHTS,
		       REAL(fchmodat)(dirfd, path, mode, flags));
}

FM_EXPORT int chown(const char *path, uid_t uid, gid_t gid)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, RIGHTS, REAL(chown)(path, uid, gid));
}

FM_EXPORT int lchown(const char *path, uid_t uid, gid_t gid)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 0, RIGHTS, REAL(lchown)(path, uid, gid));
}

FM_EXPORT int fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	ATTRIBUTE_BODY(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), RIGHTS,
		       REAL(fchownat)(dirfd, path, uid, gid, flags));
}

FM_EXPORT int utime(const char *path, const struct utimbuf *times)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, OTHER, REAL(utime)(path, times));
}

FM_EXPORT int utimes(const char *path, const struct timeval times[2])
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, OTHER, REAL(utimes)(path, times));
}

FM_EXPORT int lutimes(const char *path, const struct timeval times[2])
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 0, OTHER, REAL(lutimes)(path, times));
}

FM_EXPORT int futimesat(int dirfd, const char *path, const struct timeval times[2])
{
	ATTRIBUTE_BODY(dirfd, path, 1, OTHER, REAL(futimesat)(dirfd, path, times));
}

FM_EXPORT int utimensat(int dirfd, const char *path, const struct timespec times[2], int flags)
{
	ATTRIBUTE_BODY(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW), OTHER,
		       REAL(utimensat)(dirfd, path, times, flags));
}

/* Extended attributes hold access lists (acl(5)) and capabilities, and change ctime. */
FM_EXPORT int setxattr(const char *path, const char *name, const void *value, size_t size,
		       int flags)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, RIGHTS, REAL(setxattr)(path, name, value, size, flags));
}

FM_EXPORT int lsetxattr(const char *path, const char *name, const void *value, size_t size,
			int flags)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 0, RIGHTS, REAL(lsetxattr)(path, name, value, size, flags));
}

FM_EXPORT int removexattr(const char *path, const char *name)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 1, RIGHTS, REAL(removexattr)(path, name));
}

FM_EXPORT int lremovexattr(const char *path, const char *name)
{
	ATTRIBUTE_BODY(AT_FDCWD, path, 0, RIGHTS, REAL(lremovexattr)(path, name));
}
