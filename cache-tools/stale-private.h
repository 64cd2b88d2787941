/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparing a cache with the file system (stale-check.c), and mending it (stale-mend.c). */
#ifndef DLFM_STALE_PRIVATE_H
#define DLFM_STALE_PRIVATE_H

#include <limits.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/scan.h"
#include "cache-tools/stale.h"

enum stale_state {
	STALE_SAME,
	STALE_CHANGED, /* it exists, differently; a link or a directory may lead elsewhere */
	STALE_GONE,
	STALE_APPEARED, /* it was absent */
	STALE_TOUCHED,	/* a directory whose names nobody listed: other times, no more. Not told */
	STALE_RETIMED, /* a file with other metadata, a hard link more, and the same bytes. Not told */
	STALE_STATES,
};

struct stale {
	const struct dlfm_cache_file *file;
	struct dlfm_cache *cache;
	unsigned char *state;  /* of each entry: enum stale_state */
	unsigned char *reread; /* entries whose contents are to be read afresh */
	unsigned long checked, n[STALE_STATES];
	unsigned threads;
	int thorough;
	int64_t began; /* seconds */
};

/* Is it another file, directory or link, or absent or not, than was recorded? */
static inline int stale_differs(const struct stale *s, uint32_t i)
{
	return s->state[i] != STALE_SAME && s->state[i] != STALE_RETIMED;
}

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

/* ---- stale-reach.c: for one thread, which takes the entries in their order ---- */

enum { STALE_MAX_DEPTH = 48 };
struct stale_reach {
	const struct dlfm_cache *c;
	unsigned depth;
	struct stale_open {
		uint32_t dir; /* entry */
		int fd;
		struct dlfm_scan now;
	} open[STALE_MAX_DEPTH]; /* directories, each in the one before */
};
void stale_reach_start(struct stale_reach *r, const struct dlfm_cache *c);
void stale_reach_end(struct stale_reach *r);
/* An entry as an open directory and a name in it; AT_FDCWD and the whole path if its directory cannot be opened. */
int stale_reach(struct stale_reach *r, uint32_t i, const char **name);
/* What it is now, asked of the file server itself. */
void stale_reach_look(struct stale_reach *r, uint32_t i, struct dlfm_scan *now);
/* Its last name; "/" of the root. */
const char *stale_name(const struct dlfm_cache *c, uint32_t i);

/* ---- stale-names.c ---- */

struct stale_names {
	unsigned long gone, appeared, other; /* names; other: of another type */
	char first_gone[NAME_MAX + 1], first_new[NAME_MAX + 1];
};
/* Compares a recorded listing with the directory. 0: the same; 1: not; -1: it cannot be told. Safe in threads. */
int stale_compare_names(struct stale_names *d, const struct dlfm_cache_entry *then, int dir,
			const char *name);

/* ---- stale-tell.c ---- */

/* "changed", "gone", "new"; "" for what is not worth telling. */
const char *stale_word(enum stale_state state);
/* Why, in words. Before stale_mend(). */
void stale_tell(const struct stale *s, uint32_t i, char *text, size_t size);

#endif
