/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that make, remove and rename names. */
#include "libdlfm/fm/change.h"

#include <sys/un.h>

/* A call about one name: its result is that of `call`, and the name with everything below it is
 * changed. */
#define NAME_BODY(dirfd, path, follow, call)                                                       \
	struct fm_change change;                                                                   \
                                                                                                   \
	if (!fm_on())                                                                              \
		return call;                                                                       \
	fm_change_begin(&change, dirfd, path, follow, DLFM_DIRTY_TREE);                            \
	return fm_change_end(&change, call)

FM_EXPORT int unlink(const char *path)
{
	NAME_BODY(AT_FDCWD, path, FM_NOFOLLOW, REAL(unlink)(path));
}

FM_EXPORT int unlinkat(int dirfd, const char *path, int flags)
{
	NAME_BODY(dirfd, path, FM_NOFOLLOW, REAL(unlinkat)(dirfd, path, flags));
}

FM_EXPORT int remove(const char *path)
{
	NAME_BODY(AT_FDCWD, path, FM_NOFOLLOW, REAL(remove)(path));
}

FM_EXPORT int rmdir(const char *path)
{
	NAME_BODY(AT_FDCWD, path, FM_NOFOLLOW, REAL(rmdir)(path));
}

FM_EXPORT int mkdir(const char *path, mode_t mode)
{
	NAME_BODY(AT_FDCWD, path, FM_MAKES, REAL(mkdir)(path, mode));
}

FM_EXPORT int mkdirat(int dirfd, const char *path, mode_t mode)
{
	NAME_BODY(dirfd, path, FM_MAKES, REAL(mkdirat)(dirfd, path, mode));
}

FM_EXPORT int mkfifo(const char *path, mode_t mode)
{
	NAME_BODY(AT_FDCWD, path, FM_MAKES, REAL(mkfifo)(path, mode));
}

FM_EXPORT int mkfifoat(int dirfd, const char *path, mode_t mode)
{
	NAME_BODY(dirfd, path, FM_MAKES, REAL(mkfifoat)(dirfd, path, mode));
}

FM_EXPORT int mknod(const char *path, mode_t mode, dev_t dev)
{
	NAME_BODY(AT_FDCWD, path, FM_MAKES, REAL(mknod)(path, mode, dev));
}

FM_EXPORT int mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	NAME_BODY(dirfd, path, FM_MAKES, REAL(mknodat)(dirfd, path, mode, dev));
}

FM_EXPORT int __xmknod(int ver, const char *path, mode_t mode, dev_t *dev)
{
	NAME_BODY(AT_FDCWD, path, FM_MAKES, REAL(__xmknod)(ver, path, mode, dev));
}

FM_EXPORT int __xmknodat(int ver, int dirfd, const char *path, mode_t mode, dev_t *dev)
{
	NAME_BODY(dirfd, path, FM_MAKES, REAL(__xmknodat)(ver, dirfd, path, mode, dev));
}

FM_EXPORT int symlink(const char *target, const char *path)
{
	NAME_BODY(AT_FDCWD, path, FM_MAKES, REAL(symlink)(target, path));
}

FM_EXPORT int symlinkat(const char *target, int dirfd, const char *path)
{
	NAME_BODY(dirfd, path, FM_MAKES, REAL(symlinkat)(target, dirfd, path));
}

/* A socket in the file system is a new name, too (unix(7)). */
static const char *socket_path(const struct sockaddr *address, socklen_t size, char *path)
{
	const struct sockaddr_un *un = (const void *)address;
	size_t n = 0;

	if (!address || size <= offsetof(struct sockaddr_un, sun_path) ||
	    address->sa_family != AF_UNIX || !un->sun_path[0])
		return NULL;
	for (; n < size - offsetof(struct sockaddr_un, sun_path) && n < sizeof(un->sun_path) &&
	       un->sun_path[n];
	     n++)
		path[n] = un->sun_path[n];
	path[n] = '\0';
	return path;
}

static __attribute__((noinline)) int bind_name(int fd, const struct sockaddr *address,
					       socklen_t size, const char *path)
{
	NAME_BODY(AT_FDCWD, path, FM_NOFOLLOW, REAL(bind)(fd, address, size));
}

FM_EXPORT int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	char buf[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	const char *path = socket_path(address, size, buf);

	fm_on();
	return path ? bind_name(fd, address, size, path) : REAL(bind)(fd, address, size);
}

/* Calls about two names. */
#define TWO_NAMES_BODY(fromfd, from, follow, from_how, tofd, to, call)                             \
	struct fm_change old, new;                                                                 \
                                                                                                   \
	if (!fm_on())                                                                              \
		return call;                                                                       \
	fm_change_begin(&old, fromfd, from, follow, from_how);                                     \
	fm_change_begin(&new, tofd, to, FM_NOFOLLOW, DLFM_DIRTY_TREE);                             \
	from = fm_change_path(&old, from);                                                         \
	return fm_change_end(&old, fm_change_end(&new, call))

FM_EXPORT int rename(const char *from, const char *to)
{
	TWO_NAMES_BODY(AT_FDCWD, from, FM_NOFOLLOW, DLFM_DIRTY_TREE, AT_FDCWD, to,
		       REAL(rename)(from, to));
}

FM_EXPORT int renameat(int fromfd, const char *from, int tofd, const char *to)
{
	TWO_NAMES_BODY(fromfd, from, FM_NOFOLLOW, DLFM_DIRTY_TREE, tofd, to,
		       REAL(renameat)(fromfd, from, tofd, to));
}

FM_EXPORT int renameat2(int fromfd, const char *from, int tofd, const char *to, unsigned flags)
{
	TWO_NAMES_BODY(fromfd, from, FM_NOFOLLOW, DLFM_DIRTY_TREE, tofd, to,
		       REAL(renameat2)(fromfd, from, tofd, to, flags));
}

/* The number of links of the first changes. */
FM_EXPORT int link(const char *from, const char *to)
{
	TWO_NAMES_BODY(AT_FDCWD, from, FM_NOFOLLOW, DLFM_DIRTY_SELF, AT_FDCWD, to,
		       REAL(link)(from, to));
}

FM_EXPORT int linkat(int fromfd, const char *from, int tofd, const char *to, int flags)
{
	TWO_NAMES_BODY(fromfd, from, flags & AT_SYMLINK_FOLLOW ? FM_FOLLOW : FM_NOFOLLOW,
		       DLFM_DIRTY_SELF, tofd, to, REAL(linkat)(fromfd, from, tofd, to, flags));
}
