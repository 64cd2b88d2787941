/* SPDX-License-Identifier: BSD-3-Clause */
/* Reaching entries one after the other by open directories: a name in each costs one lookup, however deep it lies. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/scan.h"
#include "cache-tools/stale-private.h"

void stale_reach_start(struct stale_reach *r, const struct dlfm_cache *c)
{
	r->c = c;
	r->depth = 0;
}

static void pop(struct stale_reach *r)
{
	close(r->open[--r->depth].fd);
}

void stale_reach_end(struct stale_reach *r)
{
	while (r->depth)
		pop(r);
}

static int is_below(const struct dlfm_cache *c, uint32_t i, uint32_t dir)
{
	while (i > dir) /* a directory stands before what is in it */
		i = c->entries[i].parent;
	return i == dir;
}

const char *stale_name(const struct dlfm_cache *c, uint32_t i)
{
	const char *path = c->entries[i].path;

	return i ? strrchr(path, '/') + 1 : path;
}

/*
 * Opens a canonical directory and those above it. Each is asked for its attributes, from the server itself: a client that
 * then sees another time forgets what names it remembered there. -1: it cannot be opened, or is no directory.
 */
static int enter(struct stale_reach *r, uint32_t dir)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stale_open *o;
	int fd, at = AT_FDCWD;

	while (r->depth && !is_below(r->c, dir, r->open[r->depth - 1].dir))
		pop(r);
	if (r->depth && r->open[r->depth - 1].dir == dir)
		return r->open[r->depth - 1].fd;
	if (dir)
		at = enter(r, r->c->entries[dir].parent);
	if ((dir && at < 0) || r->depth == STALE_MAX_DEPTH)
		return -1;
	fd = openat(at, stale_name(r->c, dir), flags);
	if (fd < 0)
		return -1;
	o = &r->open[r->depth++];
	o->dir = dir;
	o->fd = fd;
	dlfm_scan_now(&o->now, fd, "");
	return fd;
}

int stale_reach(struct stale_reach *r, uint32_t i, const char **name)
{
	int dir = i ? enter(r, r->c->entries[i].parent) : -1;

	*name = dir < 0 ? r->c->entries[i].path : stale_name(r->c, i);
	return dir < 0 ? AT_FDCWD : dir;
}

void stale_reach_look(struct stale_reach *r, uint32_t i, struct dlfm_scan *now)
{
	const struct dlfm_cache_entry *entry = &r->c->entries[i];
	const char *name;
	int dir;

	if (entry->lerr == 0 && S_ISDIR(entry->st.mode) && enter(r, i) >= 0) {
		*now = r->open[r->depth - 1].now;
		return;
	}
	dir = stale_reach(r, i, &name);
	dlfm_scan_now(now, dir, name);
}
