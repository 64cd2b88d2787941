/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts and paths, without libc. */
#include "libdlfm/audit/path.h"

#include <elf.h>
#include <string.h>

#include "libdlfm/sys.h"

#ifdef __x86_64__
#define MACHINE EM_X86_64
#else
#define MACHINE EM_AARCH64
#endif

int text_begins(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return 0;
	return 1;
}

int text_is(const char *s, const char *whole, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\0' || s[i] != whole[i])
			return 0;
	return s[n] == '\0';
}

int text_has(const char *s, char c)
{
	for (; *s; s++)
		if (*s == c)
			return 1;
	return 0;
}

void text_number(char *to, unsigned n)
{
	unsigned digits = 1;

	for (unsigned rest = n / 10; rest; rest /= 10)
		digits++;
	to[digits] = '\0';
	for (; digits; n /= 10)
		to[--digits] = (char)('0' + n % 10);
}

const char *path_base(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

int path_is_below(const char *path, const char *dir, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (path[i] != dir[i])
			return 0;
	return path[n] == '/';
}

int path_join(char *to, size_t size, const char *dir, size_t n, const char *name)
{
	const size_t slash = n == 0 || dir[n - 1] != '/', name_len = strlen(name);

	if (n + slash + name_len >= size)
		return -1;
	memcpy(to, dir, n);
	if (slash)
		to[n] = '/';
	memcpy(to + n + slash, name, name_len + 1);
	return 0;
}

int path_is_library(const char *path)
{
	Elf64_Ehdr header;
	const int fd = dlfm_sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	long n;

	if (fd < 0)
		return 0;
	n = dlfm_sys_read(fd, &header, sizeof(header));
	dlfm_sys_close(fd);
	return n == sizeof(header) && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
	       /* analyzer: the kernel filled it, by a raw system call */
	       header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_type == ET_DYN &&
	       header.e_machine == MACHINE;
}
