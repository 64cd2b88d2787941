/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories of a store that are being built or removed, and what dead builders left. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/store.h"

/* Levels of directories that are held open while removing. */
enum { MAX_DEPTH = 32 };
#define DISCARDED "gone"

/* A name that no other process of this node takes, be it in another PID namespace (then the caller
 * tries again). */
static void temp_name(char name[NAME_MAX + 1], const char *what)
{
	static unsigned n;

	snprintf(name, NAME_MAX + 1, ".%s.%ld.%u", what, (long)getpid(),
		 __atomic_add_fetch(&n, 1, __ATOMIC_RELAXED));
}

int dlfm_store_temp(const struct dlfm_store *s, const char *what, char name[NAME_MAX + 1],
		    struct dlfm_error *e)
{
	int fd, tries;

	for (tries = 0; tries < 1000; tries++) {
		temp_name(name, what);
		if (mkdirat(s->fd, name, 0700) == 0 || errno != EEXIST)
			break;
	}
	fd = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return dlfm_errnof(e, "cannot make %s/%s", s->path, name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		dlfm_errnof(e, "cannot lock %s/%s", s->path, name);
		close(fd);
		unlinkat(s->fd, name, AT_REMOVEDIR);
		return -1;
	}
	return fd;
}

static int is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Opens a temporary if its maker is gone: the descriptor, flocked; -1: alive, or none; *alive gets
 * its descriptor. */
static int open_dead(const struct dlfm_store *s, const char *name, int *alive)
{
	int fd = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*alive = -1;
	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	*alive = fd;
	return -1;
}

static int is_discarded(const char *name)
{
	return strncmp(name, "." DISCARDED ".", strlen("." DISCARDED ".")) == 0;
}

int dlfm_store_builder(const struct dlfm_store *s, const char *id)
{
	size_t len = strlen(id);
	struct dirent *de;
	int alive = -1, dead;
	DIR *d = dlfm_store_names(s->fd);

	if (!d)
		return -1;
	while (alive < 0 && (de = readdir(d))) {
		if (de->d_name[0] != '.' || strncmp(de->d_name + 1, id, len) != 0 ||
		    de->d_name[len + 1] != '.')
			continue;
		dead = open_dead(s, de->d_name, &alive);
		if (dead >= 0)
			close(dead);
	}
	closedir(d);
	return alive;
}

int dlfm_store_discard(const struct dlfm_store *s, const char *name)
{
	char gone[NAME_MAX + 1];
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		temp_name(gone, DISCARDED);
		if (renameat(s->fd, name, s->fd, gone) == 0)
			return 0;
		if (errno != EEXIST && errno != ENOTEMPTY)
			return -1;
	}
	return -1;
}

int dlfm_store_discard_dead(const struct dlfm_store *s)
{
	struct dirent *de;
	int fd, alive, n = 0;
	DIR *d = dlfm_store_names(s->fd);

	if (!d)
		return 0;
	while ((de = readdir(d))) {
		if (de->d_name[0] != '.' || is_dots(de->d_name) || is_discarded(de->d_name))
			continue;
		fd = open_dead(s, de->d_name, &alive);
		if (alive >= 0)
			close(alive);
		if (fd < 0)
			continue;
		n += dlfm_store_discard(s, de->d_name) == 0;
		close(fd);
	}
	closedir(d);
	return n;
}

/* ---- removing ---- */

static int remove_below(const struct dlfm_store *s, int dir, int depth);

static int remove_one(const struct dlfm_store *s, int dir, const char *name, int depth)
{
	char gone[NAME_MAX + 1];
	int fd, rc;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	if (depth == MAX_DEPTH) {
		/* Too deep to hold every level open: the next pass takes it from the top. */
		temp_name(gone, DISCARDED);
		return renameat(dir, name, s->fd, gone);
	}
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	rc = remove_below(s, fd, depth + 1);
	close(fd);
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return -1;
	return rc;
}

static int remove_below(const struct dlfm_store *s, int dir, int depth)
{
	struct dirent *de;
	int rc = 0;
	DIR *d = dlfm_store_names(dir);

	if (!d)
		return -1;
	while ((de = readdir(d)))
		if (!is_dots(de->d_name) && remove_one(s, dir, de->d_name, depth) < 0)
			rc = -1;
	closedir(d);
	return rc;
}

/* One pass over what was discarded: how many could be removed; *left: how many could not. */
static int empty_once(const struct dlfm_store *s, int *left)
{
	struct dirent *de;
	int n = 0;
	DIR *d = dlfm_store_names(s->fd);

	*left = 0;
	if (!d)
		return 0;
	while ((de = readdir(d))) {
		if (!is_discarded(de->d_name))
			continue;
		if (remove_one(s, s->fd, de->d_name, 0) == 0)
			n++;
		else
			++*left;
	}
	closedir(d);
	return n;
}

int dlfm_store_empty(const struct dlfm_store *s)
{
	int left;

	while (empty_once(s, &left) > 0)
		;
	return left ? -1 : 0;
}
