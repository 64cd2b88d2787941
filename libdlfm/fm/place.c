/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a path that a call was given lies: relative ones are joined with the directory, which the
 * kernel is asked for each time. That is one system call, and never stale: a directory remembered
 * here would be after a chdir in a vfork child, fts(3) and nftw(3) inside libc, close and dup2 by
 * raw system calls, or a rename of the directory.
 */
#include "libdlfm/fm/fm.h"

#include <string.h>

#include "libdlfm/sys.h"

/* proc(5): the kernel appends this to the name of a file that was removed. */
static int is_deleted(const char *path, size_t len)
{
	static const char mark[] = " (deleted)";

	return len >= sizeof(mark) - 1 &&
	       memcmp(path + len - (sizeof(mark) - 1), mark, sizeof(mark) - 1) == 0;
}

static size_t kernel_path(char *buf, size_t size, int fd)
{
	char link[32] = "/proc/self/fd/", digits[16];
	size_t n = strlen(link), i = 0;
	unsigned left = (unsigned)fd;
	long len;

	if (fd < 0)
		return 0;
	do
		digits[i++] = (char)('0' + left % 10);
	while (left /= 10);
	while (i > 0)
		link[n++] = digits[--i];
	link[n] = '\0';
	len = dlfm_sys_readlink(link, buf, size - 1);
	if (len <= 0 || len == (long)size - 1 || buf[0] != '/' || is_deleted(buf, (size_t)len))
		return 0;
	buf[len] = '\0';
	return (size_t)len;
}

static size_t descriptor_path(char *buf, size_t size, int fd, int *staged)
{
	size_t len = kernel_path(buf, size, fd);
	const char *original;

	if (!len || !fm.image.header || !(original = dlfm_image_original(&fm.image, buf)))
		return len;
	if (staged)
		*staged = 1;
	len -= (size_t)(original - buf);
	memmove(buf, original, len + 1);
	return len;
}

size_t fm_descriptor_path(char buf[PATH_MAX], int fd, int *staged)
{
	return descriptor_path(buf, PATH_MAX, fd, staged);
}

static size_t working_directory(char *buf, size_t size)
{
	long len = dlfm_sys_getcwd(buf, size); /* counts the NUL */

	return len > 1 && buf[0] == '/' ? (size_t)len - 1 : 0;
}

size_t fm_absolute_within(char *buf, size_t size, int dirfd, const char *path)
{
	size_t len, base = 0;

	if (!path || !*path)
		return 0;
	len = strlen(path);
	if (*path != '/') {
		base = dirfd == AT_FDCWD ? working_directory(buf, size)
					 : descriptor_path(buf, size, dirfd, NULL);
		if (!base || base + 1 + len >= size)
			return 0;
		buf[base++] = '/';
	} else if (len >= size) {
		return 0;
	}
	memcpy(buf + base, path, len);
	buf[base + len] = '\0';
	return base + len;
}

size_t fm_absolute(char buf[PATH_MAX], int dirfd, const char *path)
{
	return fm_absolute_within(buf, PATH_MAX, dirfd, path);
}

static int is_below(const char *path, size_t len, const char *dir, size_t dir_len)
{
	return len >= dir_len && memcmp(path, dir, dir_len) == 0 &&
	       (len == dir_len || path[dir_len] == '/');
}

int fm_is_local(const char *path, size_t len)
{
	for (; len > 1 && path[1] == '/'; len--)
		path++; /* "//sys": hwloc */
	if (path[1] == 'p' || path[1] == 's' || path[1] == 'd') {
		if (is_below(path, len, "/proc", 5) || is_below(path, len, "/sys", 4) ||
		    is_below(path, len, "/dev", 4))
			return 1;
	}
	return fm.image_len && is_below(path, len, fm_image_dir(), fm.image_len);
}
