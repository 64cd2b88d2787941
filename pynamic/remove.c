/* SPDX-License-Identifier: BSD-3-Clause */
/* A walk below a directory, by descriptors, that removes all files or the temporary ones. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pynamic/remove.h"

static int ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && strcmp(name + length - tail, end) == 0;
}

/* Removes below dirfd/name everything (end NULL), or the files that end so. */
static int sweep(int dirfd, const char *name, const char *end)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), rv = 0;
	struct dirent *entry;
	DIR *d;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -1;
	}
	while (rv == 0 && (entry = readdir(d))) {
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (S_ISDIR(st.st_mode))
			rv = sweep(fd, entry->d_name, end);
		if (rv == 0 && (!end || (!S_ISDIR(st.st_mode) && ends_in(entry->d_name, end))))
			rv = unlinkat(fd, entry->d_name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	}
	closedir(d);
	return rv;
}

int pyn_remove_tree_files(int dirfd, struct dlfm_error *e)
{
	static const char *const directories[] = {"src", "driver", "mod", "lib", "bin", NULL};
	static const char *const files[] = {"pynamic.json", "Makefile", "config.mk",
					    "build.json",   "bytecode", NULL};

	for (unsigned i = 0; files[i]; i++)
		if (unlinkat(dirfd, files[i], 0) != 0 && errno != ENOENT)
			return dlfm_errnof(e, "%s: cannot be removed", files[i]);
	for (unsigned i = 0; directories[i]; i++)
		if (sweep(dirfd, directories[i], NULL) != 0 ||
		    (unlinkat(dirfd, directories[i], AT_REMOVEDIR) != 0 && errno != ENOENT))
			return dlfm_errnof(e, "%s: cannot be removed", directories[i]);
	return 0;
}

void pyn_remove_leftovers(int dirfd)
{
	sweep(dirfd, "lib", ".tmp");
	sweep(dirfd, "mod", ".tmp");
	sweep(dirfd, "bin", ".tmp");
	unlinkat(dirfd, "bytecode.tmp", 0);
}
