/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparing a cache with the file system (stale-check.c), and mending it (stale-mend.c). */
#ifndef DLFM_STALE_PRIVATE_H
#define DLFM_STALE_PRIVATE_H

#include "cache-tools/cache-file.h"
#include "cache-tools/stale.h"

enum stale_state {
	STALE_SAME,
	STALE_CHANGED, /* it exists, differently; a link or a directory may lead elsewhere */
	STALE_GONE,
	STALE_APPEARED, /* it was absent */
	STALE_TOUCHED,	/* a directory whose names nobody listed: other times, no more. Not told */
	STALE_STATES,
};

struct stale {
	const struct dlfm_cache_file *file;
	struct dlfm_cache *cache;
	unsigned char *state;  /* of each entry: enum stale_state */
	unsigned char *reread; /* entries whose contents are to be read afresh */
	unsigned long checked, n[STALE_STATES];
	unsigned threads;
};

/* Is it in this directory's own hands, not reached through a link? Only such entries are compared; the others follow. */
static inline int stale_is_direct(const struct dlfm_cache *c, uint32_t i)
{
	return c->entries[c->entries[i].parent].canon == c->entries[i].parent;
}

/* Compares all entries in threads. -1 with a text: no memory. */
int stale_compare(struct stale *s, struct dlfm_error *e);
/* Makes the cache true: looks up afresh (refresh) or leaves to the file system (drop). -1 with a text: no memory. */
int stale_mend(struct stale *s, enum dlfm_stale policy, struct dlfm_error *e);
/* Writes it to an unlinked file: its descriptor, or -1 with a text. */
int stale_write(struct stale *s, struct dlfm_error *e);

#endif
