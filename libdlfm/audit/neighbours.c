/* SPDX-License-Identifier: BSD-3-Clause */
/* Other auditors in LD_AUDIT: see neighbours.h. */
#include "libdlfm/audit/neighbours.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "libdlfm/audit/path.h"
#include "libdlfm/audit/process.h"
#include "libdlfm/sys.h"

static size_t element_length(const char *list)
{
	size_t n = 0;

	while (list[n] && list[n] != ':')
		n++;
	return n;
}

static int is_own(const char *element, size_t n)
{
	static const char own[] = "dlfm-audit.so";
	const size_t len = sizeof(own) - 1;

	return n >= len && memcmp(element + n - len, own, len) == 0;
}

static int contains(const char *data, size_t size, const char *text, size_t n)
{
	for (size_t i = 0; i + n <= size; i++)
		if (data[i] == text[0] && memcmp(data + i, text, n) == 0)
			return 1;
	return 0;
}

/* Does the file hold the function's name? An auditor that cannot be looked into counts as one that
 * does. */
static int may_search(const char *element, size_t n)
{
	static const char name[] = "la_objsearch";
	char path[PATH_MAX];
	struct stat st;
	void *data = NULL;
	int fd, found = 1;

	if (n == 0 || element[0] != '/' || n >= sizeof(path))
		return n != 0;
	memcpy(path, element, n);
	path[n] = '\0';
	fd = dlfm_sys_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	/* analyzer: the kernel filled it, by a raw system call */
	if (dlfm_sys_fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == S_IFREG && st.st_size > 0)
		data = dlfm_sys_mmap((size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd);
	dlfm_sys_close(fd);
	if (data) {
		found = contains(data, (size_t)st.st_size, name, sizeof(name));
		dlfm_sys_munmap(data, (size_t)st.st_size);
	}
	return found;
}

int audit_is_first(void)
{
	const char *list = audit_getenv("LD_AUDIT");

	return list && is_own(list, element_length(list));
}

int audit_others_search(void)
{
	const char *list = audit_getenv("LD_AUDIT");
	int behind = 0;

	while (list && *list) {
		const size_t n = element_length(list);

		if (behind && may_search(list, n))
			return 1;
		behind |= is_own(list, n);
		list += n + (list[n] == ':');
	}
	return 0;
}
