/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls about a file's attributes by its descriptor. A descriptor of a staged file stands for the original: the call is made
 * on that, by name. (fstat is not here: it costs a system call more, and the image has what programs look at.)
 */
#include "libdlfm/fm/change.h"

#include <sys/xattr.h>

/* Whether the descriptor is a staged file's, whose original path it gives then; the file is marked
 * in any case. */
static int is_staged(char path[PATH_MAX], int fd, unsigned how)
{
	const int saved = errno;
	int staged = 0;
	size_t len;

	if (!fm_on() || !fm.image.header)
		return 0;
	len = fm_descriptor_path(path, fd, &staged);
	if (len && !fm_is_local(path, len))
		dlfm_image_mark(&fm.image, path, len, how);
	errno = saved;
	return len && staged;
}

/* The same for a call that changes nothing. */
static int stands_for(char path[PATH_MAX], int fd)
{
	const int saved = errno;
	int staged = 0;
	size_t len = fm_on() && fm.image.header ? fm_descriptor_path(path, fd, &staged) : 0;

	errno = saved;
	return len && staged;
}

/* The image has no access lists (acl(5)) and other attributes: `cp -p` copies them by the descriptor. */
FM_EXPORT ssize_t fgetxattr(int fd, const char *name, void *value, size_t size)
{
	char path[PATH_MAX];

	return stands_for(path, fd) ? getxattr(path, name, value, size)
				    : REAL(fgetxattr)(fd, name, value, size);
}

FM_EXPORT ssize_t flistxattr(int fd, char *list, size_t size)
{
	char path[PATH_MAX];

	return stands_for(path, fd) ? listxattr(path, list, size)
				    : REAL(flistxattr)(fd, list, size);
}

#define DESCRIPTOR_BODY(how, by_name, by_descriptor)                                               \
	char path[PATH_MAX];                                                                       \
                                                                                                   \
	return is_staged(path, fd, how) ? (by_name) : (by_descriptor)

FM_EXPORT int fchmod(int fd, mode_t mode)
{
	DESCRIPTOR_BODY(DLFM_DIRTY_TREE, REAL(chmod)(path, mode), REAL(fchmod)(fd, mode));
}

FM_EXPORT int fchown(int fd, uid_t uid, gid_t gid)
{
	DESCRIPTOR_BODY(DLFM_DIRTY_TREE, REAL(chown)(path, uid, gid), REAL(fchown)(fd, uid, gid));
}

FM_EXPORT int futimens(int fd, const struct timespec times[2])
{
	DESCRIPTOR_BODY(DLFM_DIRTY_SELF, REAL(utimensat)(AT_FDCWD, path, times, 0),
			REAL(futimens)(fd, times));
}

FM_EXPORT int futimes(int fd, const struct timeval times[2])
{
	DESCRIPTOR_BODY(DLFM_DIRTY_SELF, REAL(utimes)(path, times), REAL(futimes)(fd, times));
}

FM_EXPORT int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	DESCRIPTOR_BODY(DLFM_DIRTY_TREE, REAL(setxattr)(path, name, value, size, flags),
			REAL(fsetxattr)(fd, name, value, size, flags));
}

FM_EXPORT int fremovexattr(int fd, const char *name)
{
	DESCRIPTOR_BODY(DLFM_DIRTY_TREE, REAL(removexattr)(path, name),
			REAL(fremovexattr)(fd, name));
}
