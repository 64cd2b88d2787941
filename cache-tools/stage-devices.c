/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries get the device numbers of this node. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/stage-devices.h"

/* A mount of this node: its device here, and, once known, where it was recorded. */
struct device {
	const char *path;
	size_t len;
	uint64_t here, there; /* 0: not known, the mount does not answer */
	int known;
};

struct devices {
	struct device at[DLFM_MOUNT_LIMIT + 1];
	size_t n;
};

static void find_devices(struct devices *d, const struct stage_mounts *mounts)
{
	struct stat slash;
	size_t i;

	d->n = 0;
	if (stat("/", &slash) == 0)
		d->at[d->n++] = (struct device){.path = "", .len = 0, .here = slash.st_dev};
	for (i = 0; i < mounts->n; i++)
		d->at[d->n++] = (struct device){.path = mounts->at[i].path.at,
						.len = mounts->at[i].path.len,
						.here = mounts->at[i].dev};
}

/* The mount in which a canonical path lies: the longest one. */
static struct device *device_of(struct devices *d, const char *path, size_t len)
{
	struct device *best = NULL;
	size_t i;

	for (i = 0; i < d->n; i++) {
		struct device *m = &d->at[i];

		if (m->len <= len && (!best || m->len >= best->len) &&
		    memcmp(m->path, path, m->len) == 0 && (m->len == len || path[m->len] == '/'))
			best = m;
	}
	return best;
}

/* Where a link lies: in the canonical directory of its name. */
static struct device *device_of_link(struct devices *d, const struct dlfm_cache *c,
				     const char *path, size_t len)
{
	uint32_t dir;

	while (len > 1 && path[len - 1] != '/')
		len--;
	if (len > 1)
		len--;
	dir = dlfm_cache_find(c, path, len);
	if (dir == DLFM_NONE || c->entries[dir].canon == DLFM_NONE)
		return device_of(d, path, len);
	dir = c->entries[dir].canon;
	return device_of(d, c->entries[dir].path, c->entries[dir].path_len);
}

/* The mount of an entry that has a state of its own here, else NULL. */
static struct device *device_of_entry(struct devices *d, const struct dlfm_cache *c, uint32_t i)
{
	const struct dlfm_cache_entry *e = &c->entries[i];

	if (!(e->flags & DLFM_ENTRY_KNOWN) || e->lerr != 0)
		return NULL;
	if (S_ISLNK(e->st.mode))
		return device_of_link(d, c, e->path, e->path_len);
	if (e->canon != DLFM_NONE)
		e = &c->entries[e->canon];
	return device_of(d, e->path, e->path_len);
}

void stage_devices_adjust(struct dlfm_image_in_entry *entries, const struct dlfm_cache *c,
			  const struct stage_mounts *mounts)
{
	struct devices *d = malloc(sizeof(*d));
	struct device *m;
	uint32_t i;

	if (!d)
		return;
	find_devices(d, mounts);
	/* A directory comes before what lies in it, so the mount's own device is found first. */
	for (i = 0; i < c->n_entries; i++) {
		m = device_of_entry(d, c, i);
		if (!m)
			continue;
		if (!m->known)
			m->there = c->entries[i].st.dev;
		m->known = 1;
		if (c->entries[i].st.dev == m->there && m->here)
			entries[i].st.dev = m->here;
	}
	free(d);
}
