/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that grows in memory, and its way to and from a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pynamic/text.h"

static int reserve(struct pyn_text *t, size_t more)
{
	size_t size = t->size ? t->size : 65536;
	char *data;

	if (t->size - t->length >= more)
		return 0;
	while (size - t->length < more)
		size *= 2;
	data = realloc(t->data, size);
	if (!data) {
		t->failed = 1;
		return -1;
	}
	t->data = data;
	t->size = size;
	return 0;
}

void pyn_put_bytes(struct pyn_text *t, const char *bytes, size_t length)
{
	if (length == 0 || reserve(t, length) != 0)
		return;
	memcpy(t->data + t->length, bytes, length);
	t->length += length;
}

void pyn_put(struct pyn_text *t, const char *string)
{
	pyn_put_bytes(t, string, strlen(string));
}

void pyn_put_char(struct pyn_text *t, char c)
{
	pyn_put_bytes(t, &c, 1);
}

void pyn_puts(struct pyn_text *t, ...)
{
	const char *s;
	va_list strings;

	va_start(strings, t);
	while ((s = va_arg(strings, const char *)))
		pyn_put(t, s);
	va_end(strings);
}

void pyn_put_padded(struct pyn_text *t, uint64_t n, unsigned width)
{
	char digits[32];
	unsigned at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0 || sizeof digits - at < width);
	pyn_put_bytes(t, digits + at, sizeof digits - at);
}

void pyn_put_number(struct pyn_text *t, int64_t n)
{
	if (n < 0)
		pyn_put_char(t, '-');
	pyn_put_padded(t, n < 0 ? -(uint64_t)n : (uint64_t)n, 1);
}

void pyn_put_hex(struct pyn_text *t, uint64_t n)
{
	char text[18] = "0x";

	for (int i = 0; i < 16; i++)
		text[2 + i] = "0123456789abcdef"[n >> (60 - 4 * i) & 15];
	pyn_put_bytes(t, text, sizeof text);
}

void pyn_text_clear(struct pyn_text *t)
{
	t->length = 0;
}

void pyn_text_free(struct pyn_text *t)
{
	free(t->data);
	*t = (struct pyn_text){0};
}

int pyn_load(struct pyn_text *t, int dirfd, const char *path, struct dlfm_error *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return dlfm_errnof(e, "%s: cannot be opened", path);
	pyn_text_clear(t);
	do {
		if (reserve(t, 65536) != 0) {
			close(fd);
			return dlfm_errf(e, "%s: no memory", path);
		}
		n = read(fd, t->data + t->length, t->size - t->length);
		if (n > 0)
			t->length += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		dlfm_errnof(e, "%s: cannot be read", path);
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int same_as_file(const struct pyn_text *t, int dirfd, const char *path)
{
	struct pyn_text old = {0};
	struct stat st;
	int same;

	if (fstatat(dirfd, path, &st, 0) != 0 || !S_ISREG(st.st_mode) ||
	    (size_t)st.st_size != t->length)
		return 0;
	same = pyn_load(&old, dirfd, path, NULL) == 0 && old.length == t->length &&
	       (t->length == 0 || memcmp(old.data, t->data, t->length) == 0);
	pyn_text_free(&old);
	return same;
}

static int make_parents(int dirfd, const char *path)
{
	char parent[4096];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - path);

		if (length == 0)
			continue;
		if (length >= sizeof parent) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(parent, path, length);
		parent[length] = '\0';
		if (mkdirat(dirfd, parent, 0777) != 0 && errno != EEXIST)
			return -1;
	}
	return 0;
}

static int write_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

int pyn_save(const struct pyn_text *t, int dirfd, const char *path, struct dlfm_error *e)
{
	char temporary[4096];
	int fd;

	if (t->failed)
		return dlfm_errf(e, "%s: no memory", path);
	if (same_as_file(t, dirfd, path))
		return 0;
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp", path) >= sizeof temporary)
		return dlfm_errf(e, "%s: the path is too long", path);
	fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 && errno == ENOENT && make_parents(dirfd, path) == 0)
		fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return dlfm_errnof(e, "%s: cannot be made", temporary);
	if (write_all(fd, t->data, t->length) != 0) {
		dlfm_errnof(e, "%s: cannot be written", temporary);
		close(fd);
		goto fail;
	}
	if (close(fd) != 0 || renameat(dirfd, temporary, dirfd, path) != 0) {
		dlfm_errnof(e, "%s: cannot be written", path);
		goto fail;
	}
	return 1;
fail:
	unlinkat(dirfd, temporary, 0);
	return -1;
}
