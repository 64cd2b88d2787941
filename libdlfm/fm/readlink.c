/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * readlink(2). What the kernel says of a descriptor of a staged file (/proc/self/fd/N) is told
 * by the original name.
 */
#include "libdlfm/fm/fm.h"

#include <string.h>

static ssize_t copy_out(char *buf, size_t size, const char *text, size_t len)
{
	if (len > size)
		len = size;
	memcpy(buf, text, len);
	return (ssize_t)len;
}

static ssize_t answer(int dirfd, const char *path, char *buf, size_t size)
{
	const struct dlfm_image_entry *e;
	struct dlfm_found found;
	const char *target;
	size_t len;

	if (!fm_on() || size == 0 || size > SSIZE_MAX)
		return FM_PASS;
	found = fm_ask(dirfd, path, 0);
	if (found.answer == DLFM_ABSENT)
		return fm_fail(found.err);
	if (found.answer != DLFM_PRESENT)
		return FM_PASS;
	e = fm_entry(found);
	if ((e->st.mode & S_IFMT) != S_IFLNK)
		return fm_fail(EINVAL);
	target = dlfm_image_text(&fm.image, e->target, &len);
	return len ? copy_out(buf, size, target, len) : FM_PASS;
}

enum form { READLINK, READLINKAT };

static ssize_t call_real(enum form form, int dirfd, const char *path, char *buf, size_t size)
{
	return form == READLINK ? REAL(readlink)(path, buf, size)
				: REAL(readlinkat)(dirfd, path, buf, size);
}

static __attribute__((noinline)) ssize_t original_name(enum form form, int dirfd, const char *path,
						       char *buf, size_t size)
{
	char name[PATH_MAX];
	ssize_t n = call_real(form, dirfd, path, name, sizeof(name) - 1);
	const char *original;

	if (n < 0)
		return n;
	name[n] = '\0';
	original = dlfm_image_original(&fm.image, name);
	return original ? copy_out(buf, size, original, strlen(original))
			: copy_out(buf, size, name, (size_t)n);
}

static ssize_t do_readlink(enum form form, int dirfd, const char *path, char *buf, size_t size)
{
	ssize_t n = answer(dirfd, path, buf, size);

	if (n != FM_PASS)
		return n;
	if (fm.image.header && size > 0 && path && fm_begins(path, "/proc/"))
		return original_name(form, dirfd, path, buf, size);
	n = call_real(form, dirfd, path, buf, size);
	fm_note(dirfd, path, DLFM_OP_READLINK, n < 0 ? -1 : 0);
	return n;
}

FM_EXPORT ssize_t readlink(const char *path, char *buf, size_t size)
{
	return do_readlink(READLINK, AT_FDCWD, path, buf, size);
}

FM_EXPORT ssize_t readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	return do_readlink(READLINKAT, dirfd, path, buf, size);
}

/* The fortified ones end the program if the buffer is smaller than said: that is the real
 * function's to do. */
FM_EXPORT ssize_t __readlink_chk(const char *path, char *buf, size_t size, size_t room)
{
	fm_on();
	return size <= room ? do_readlink(READLINK, AT_FDCWD, path, buf, size)
			    : REAL(__readlink_chk)(path, buf, size, room);
}

FM_EXPORT ssize_t __readlinkat_chk(int dirfd, const char *path, char *buf, size_t size, size_t room)
{
	fm_on();
	return size <= room ? do_readlink(READLINKAT, dirfd, path, buf, size)
			    : REAL(__readlinkat_chk)(dirfd, path, buf, size, room);
}
