/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a recorded run looked up, how often, and why a path was left out of the cache: for dlfm top and dlfm explain.
 * No replay needs it. In cache.dat it is one text (dlfm-cache(5)): a line a path, in the order of the paths,
 *
 *	SHARED LOOKUPS FAILED FLAGS SIZE WHY REST
 *
 * hexadecimal numbers but WHY, which is a letter of left-out.h; the path is the first SHARED bytes of the line
 * before's and REST. Paths with a newline are not kept.
 */
#ifndef DLFM_HISTORY_H
#define DLFM_HISTORY_H

#include "cache-tools/journal-read.h"
#include "cache-tools/left-out.h"

enum {
	DLFM_HISTORY_OPENED = 1 << 0, /* successfully: its size is bytes that were read or mapped */
	DLFM_HISTORY_DIRECTORY = 1 << 1,
	DLFM_HISTORY_LD = 1 << 2,     /* ld.so asked */
	DLFM_HISTORY_MAPPED = 1 << 3, /* ld.so mapped it */
	DLFM_HISTORY_CALLS = 1 << 4,  /* the program asked by libc calls */
};

struct dlfm_history_path {
	const char *path;
	uint32_t len;
	unsigned flags;
	uint64_t lookups, failed; /* system calls of a run without DLFM; those that failed */
	uint64_t size;		  /* of what was opened; 0 if not known */
	enum dlfm_left_out why;
};

struct dlfm_history {
	struct dlfm_history_path *paths;
	uint32_t n, max;
	struct dlfm_history_private *own;
};

/* NULL: no memory. */
struct dlfm_history *dlfm_history_new(void);
void dlfm_history_free(struct dlfm_history *h); /* NULL is allowed */

/* The path, made if need be; valid until the next one is made. NULL: no memory. */
struct dlfm_history_path *dlfm_history_path(struct dlfm_history *h, const char *path, size_t len);
/* NULL: not there. */
struct dlfm_history_path *dlfm_history_find(const struct dlfm_history *h, const char *path);

/* Adds what a journal has. -1: no memory. */
int dlfm_history_take(struct dlfm_history *h, const struct dlfm_journal_copy *j);
/*
 * Adds another history: of each path the larger numbers count, since two recordings of one application ask for the same
 * files. -1: no memory.
 */
int dlfm_history_merge(struct dlfm_history *h, const struct dlfm_history *from);

/* By the paths' bytes; dlfm_history_find() and _path() work on. -1: no memory. */
int dlfm_history_sort(struct dlfm_history *h);
/* The text, to be freed; sorts first. NULL: no memory. */
char *dlfm_history_write(struct dlfm_history *h);
/* Reads a text of the form above, whoever wrote it. NULL with a text. */
struct dlfm_history *dlfm_history_read(const char *text, struct dlfm_error *e);

#endif
