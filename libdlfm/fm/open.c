/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * open(2) and kin: reading opens the staged file, so that the descriptor is a real one; anything
 * else is a change. Whatever goes wrong with the staged file, the original is opened instead.
 */
#include "libdlfm/fm/change.h"

#include <stdarg.h>

enum form {
	OPEN,
	OPEN64,
	OPENAT,
	OPENAT64,
	OPEN_2,
	OPEN64_2,
	OPENAT_2,
	OPENAT64_2,
	CREAT,
	CREAT64
};

struct call {
	enum form form;
	int dirfd;
	const char *path;
	int flags;
	mode_t mode;
};

static int call_real(const struct call *c)
{
	switch (c->form) {
	case OPEN:
		return REAL(open)(c->path, c->flags, c->mode);
	case OPEN64:
		return REAL(open64)(c->path, c->flags, c->mode);
	case OPENAT:
		return REAL(openat)(c->dirfd, c->path, c->flags, c->mode);
	case OPENAT64:
		return REAL(openat64)(c->dirfd, c->path, c->flags, c->mode);
	case OPEN_2:
		return REAL(__open_2)(c->path, c->flags);
	case OPEN64_2:
		return REAL(__open64_2)(c->path, c->flags);
	case OPENAT_2:
		return REAL(__openat_2)(c->dirfd, c->path, c->flags);
	case OPENAT64_2:
		return REAL(__openat64_2)(c->dirfd, c->path, c->flags);
	case CREAT:
		return REAL(creat)(c->path, c->mode);
	case CREAT64:
		return REAL(creat64)(c->path, c->mode);
	}
	return fm_fail(ENOSYS);
}

/* With these a place in the tree is wanted, not contents. O_TMPFILE, which makes no name, contains
 * O_DIRECTORY. */
#define PLACES (O_PATH | O_DIRECTORY)

static int is_tmpfile(int flags)
{
	return (flags & O_TMPFILE) == O_TMPFILE;
}

static int writes(int flags)
{
	return flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) && !(flags & PLACES);
}

static int is_final(int err)
{
	return err == EMFILE || err == ENFILE || err == EINTR;
}

static int open_entry(struct dlfm_found found, int flags)
{
	const int saved = errno;
	const char *staged = flags & PLACES ? NULL : fm_staged(found);
	int fd;

	if (!staged)
		return FM_PASS;
	fd = REAL(open)(staged, flags);
	if (fd >= 0) {
		fm_count(DLFM_COUNT_OPEN);
		return fd;
	}
	if (is_final(errno))
		return -1;
	errno = saved;
	return FM_PASS;
}

int fm_open_staged(int dirfd, const char *path, int flags)
{
	struct dlfm_found found = fm_ask(dirfd, path, !(flags & O_NOFOLLOW));

	if (found.answer == DLFM_ABSENT)
		return fm_fail(found.err);
	return found.answer == DLFM_PRESENT ? open_entry(found, flags) : FM_PASS;
}

/* Apart: the room on the stack that a change needs. */
static __attribute__((noinline)) int open_writing(const struct call *c)
{
	const int follows =
		!(c->flags & O_NOFOLLOW) && (c->flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	struct fm_change change;
	struct call made = *c;

	fm_change_begin(&change, c->dirfd, c->path, follows ? FM_FOLLOW_LATER : FM_NOFOLLOW,
			c->flags & O_CREAT ? DLFM_DIRTY_TREE : DLFM_DIRTY_SELF);
	made.path = fm_change_path(&change, c->path);
	return fm_change_opened(&change, call_real(&made));
}

static int do_open(const struct call *c)
{
	int fd;

	if (!fm_on() || is_tmpfile(c->flags))
		return call_real(c);
	if (writes(c->flags))
		return open_writing(c);
	fd = fm_open_staged(c->dirfd, c->path, c->flags);
	return fd != FM_PASS ? fd : fm_note(c->dirfd, c->path, DLFM_OP_OPEN, call_real(c));
}

/* open(2) has a mode only if the flags say so; reading one that is not there gives some number,
 * which is ignored. */
#define OPEN_BODY(which, fd)                                                                       \
	struct call c = {.form = (which), .dirfd = (fd), .path = path, .flags = flags};            \
	va_list rest;                                                                              \
                                                                                                   \
	va_start(rest, flags);                                                                     \
	if (flags & O_CREAT || is_tmpfile(flags))                                                  \
		c.mode = va_arg(rest, mode_t);                                                     \
	va_end(rest);                                                                              \
	return do_open(&c)

FM_EXPORT int open(const char *path, int flags, ...)
{
	OPEN_BODY(OPEN, AT_FDCWD);
}

FM_EXPORT int open64(const char *path, int flags, ...)
{
	OPEN_BODY(OPEN64, AT_FDCWD);
}

FM_EXPORT int openat(int dirfd, const char *path, int flags, ...)
{
	OPEN_BODY(OPENAT, dirfd);
}

FM_EXPORT int openat64(int dirfd, const char *path, int flags, ...)
{
	OPEN_BODY(OPENAT64, dirfd);
}

#define SIMPLE_OPEN(which, fd, how, bits)                                                          \
	do_open(&(struct call){                                                                    \
		.form = (which), .dirfd = (fd), .path = path, .flags = (how), .mode = (bits)})

FM_EXPORT int __open_2(const char *path, int flags)
{
	return SIMPLE_OPEN(OPEN_2, AT_FDCWD, flags, 0);
}

FM_EXPORT int __open64_2(const char *path, int flags)
{
	return SIMPLE_OPEN(OPEN64_2, AT_FDCWD, flags, 0);
}

FM_EXPORT int __openat_2(int dirfd, const char *path, int flags)
{
	return SIMPLE_OPEN(OPENAT_2, dirfd, flags, 0);
}

FM_EXPORT int __openat64_2(int dirfd, const char *path, int flags)
{
	return SIMPLE_OPEN(OPENAT64_2, dirfd, flags, 0);
}

FM_EXPORT int creat(const char *path, mode_t mode)
{
	return SIMPLE_OPEN(CREAT, AT_FDCWD, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

FM_EXPORT int creat64(const char *path, mode_t mode)
{
	return SIMPLE_OPEN(CREAT64, AT_FDCWD, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
