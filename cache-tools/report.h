/* SPDX-License-Identifier: BSD-3-Clause */
/* What a replay answered from memory and what went to the file system: sums over the journals of its processes. */
#ifndef DLFM_REPORT_H
#define DLFM_REPORT_H

#include <stdint.h>

#include "cache-tools/error.h"
#include "libdlfm/journal.h"

struct dlfm_report_miss {
	char *path;
	uint64_t count;
	uint32_t layers; /* bit DLFM_LAYER_* */
	int absent;	 /* the file system did not have it, either */
};

struct dlfm_report {
	unsigned processes;		       /* distinct: each has a journal a layer */
	unsigned lost;			       /* journals that lost records */
	uint64_t counters[3][DLFM_N_COUNTERS]; /* [DLFM_LAYER_*][enum dlfm_counter] */
	struct dlfm_report_miss *misses;       /* the most frequent first */
	uint32_t n_misses;
};

/* Reads the journals in a directory. NULL with a text. */
struct dlfm_report *dlfm_report_read(const char *dir, struct dlfm_error *e);
void dlfm_report_free(struct dlfm_report *r); /* NULL is allowed */

/* Lookups of a layer (DLFM_LAYER_*, 0: both) that memory answered, and that went to the file system. */
uint64_t dlfm_report_answered(const struct dlfm_report *r, int layer);
uint64_t dlfm_report_passed(const struct dlfm_report *r, int layer);

/*
 * Writes it as text or JSON to `file` (NULL: standard error), with at most so many of the misses. -1 with a text.
 */
int dlfm_report_write(const struct dlfm_report *r, const char *file, int as_json, uint64_t lines,
		      struct dlfm_error *e);

#endif
