/* SPDX-License-Identifier: BSD-3-Clause */
/* mkstemp(3) and kin choose the name inside libc: what they made is known by the descriptor, or by
 * the name after. */
#include "libdlfm/fm/change.h"

static __attribute__((noinline)) int made_file(const char *name, int fd)
{
	const int saved = errno;
	struct fm_change change = {.dirfd = AT_FDCWD, .name = name};

	fm_change_opened(&change, fd);
	errno = saved;
	return fd;
}

#define TEMPORARY_BODY(call)                                                                       \
	int on = fm_on(), fd = call;                                                               \
                                                                                                   \
	return on && fd >= 0 ? made_file(name, fd) : fd

FM_EXPORT int mkstemp(char *name)
{
	TEMPORARY_BODY(REAL(mkstemp)(name));
}

FM_EXPORT int mkstemp64(char *name)
{
	TEMPORARY_BODY(REAL(mkstemp64)(name));
}

FM_EXPORT int mkostemp(char *name, int flags)
{
	TEMPORARY_BODY(REAL(mkostemp)(name, flags));
}

FM_EXPORT int mkostemp64(char *name, int flags)
{
	TEMPORARY_BODY(REAL(mkostemp64)(name, flags));
}

FM_EXPORT int mkstemps(char *name, int suffix)
{
	TEMPORARY_BODY(REAL(mkstemps)(name, suffix));
}

FM_EXPORT int mkstemps64(char *name, int suffix)
{
	TEMPORARY_BODY(REAL(mkstemps64)(name, suffix));
}

FM_EXPORT int mkostemps(char *name, int suffix, int flags)
{
	TEMPORARY_BODY(REAL(mkostemps)(name, suffix, flags));
}

FM_EXPORT int mkostemps64(char *name, int suffix, int flags)
{
	TEMPORARY_BODY(REAL(mkostemps64)(name, suffix, flags));
}

static __attribute__((noinline)) void made_directory(const char *name)
{
	struct fm_change change;

	fm_change_begin(&change, AT_FDCWD, name, FM_NOFOLLOW, DLFM_DIRTY_TREE);
	fm_change_end(&change, 0);
}

FM_EXPORT char *mkdtemp(char *name)
{
	int on = fm_on();
	char *made = REAL(mkdtemp)(name);

	if (on && made)
		made_directory(made);
	return made;
}

/* The file that a spawned child will open for writing is marked when the request is made: libc
 * opens it by itself. */
static __attribute__((noinline)) void will_open(const char *path, int flags)
{
	struct fm_change change;

	fm_change_begin(&change, AT_FDCWD, path, FM_FOLLOW,
			flags & O_CREAT ? DLFM_DIRTY_TREE : DLFM_DIRTY_SELF);
	fm_change_end(&change, 0);
}

FM_EXPORT int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd,
					       const char *path, int flags, mode_t mode)
{
	if (fm_on() && flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
		will_open(path, flags);
	return REAL(posix_spawn_file_actions_addopen)(actions, fd, path, flags, mode);
}
