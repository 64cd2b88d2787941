/* SPDX-License-Identifier: BSD-3-Clause */
/* Reaching entries by open directories: one lookup each, however deep they lie. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cache-tools/pack-private.h"

enum { MAX_DIRECTORIES = 512 };

void dlfm_pack_close_directories(struct pack *p)
{
	uint32_t i;

	for (i = 0; i < p->cache->n_entries && p->n_dirs; i++) {
		if (p->notes[i].dir == 0)
			continue;
		close(p->notes[i].dir - 1);
		p->notes[i].dir = 0;
		p->n_dirs--;
	}
}

/* Leaves descriptors to everybody else. */
static void set_most(struct pack *p)
{
	struct rlimit limit;

	p->max_dirs = MAX_DIRECTORIES;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < MAX_DIRECTORIES)
		p->max_dirs = (unsigned)(limit.rlim_cur / 2);
}

/* Opens a canonical directory relative to its own one. -1: it cannot be opened. */
static int open_directory(struct pack *p, uint32_t i)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	int fd;

	if (p->notes[i].dir)
		return p->notes[i].dir - 1;
	if (p->n_dirs >= p->max_dirs)
		return -1;
	fd = i == 0 ? -1 : open_directory(p, entry->parent);
	fd = fd < 0 ? open(entry->path, flags) : openat(fd, strrchr(entry->path, '/') + 1, flags);
	if (fd < 0)
		return -1;
	p->notes[i].dir = fd + 1;
	p->n_dirs++;
	return fd;
}

static int reach(struct pack *p, uint32_t i, const char **name)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	int dir;

	*name = entry->path;
	if (i == 0)
		return AT_FDCWD;
	if (!p->max_dirs)
		set_most(p);
	if (p->n_dirs + 64 > p->max_dirs)
		dlfm_pack_close_directories(p);
	dir = open_directory(p, entry->parent);
	if (dir < 0)
		return AT_FDCWD;
	*name = strrchr(entry->path, '/') + 1;
	return dir;
}

int dlfm_pack_reach(struct pack *p, uint32_t i, const char **name)
{
	int dir;

	pthread_mutex_lock(&p->reach);
	dir = reach(p, i, name);
	pthread_mutex_unlock(&p->reach);
	return dir;
}

int dlfm_pack_open(struct pack *p, uint32_t i, int flags)
{
	const char *name;
	int dir, fd;

	pthread_mutex_lock(&p->reach);
	dir = reach(p, i, &name);
	if (dir != AT_FDCWD)
		dir = fcntl(dir, F_DUPFD_CLOEXEC, 0); /* others may close it meanwhile */
	pthread_mutex_unlock(&p->reach);
	if (dir < 0 && dir != AT_FDCWD) {
		dir = AT_FDCWD;
		name = p->cache->entries[i].path;
	}
	fd = openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (dir != AT_FDCWD)
		close(dir);
	return fd;
}
