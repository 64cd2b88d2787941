/* SPDX-License-Identifier: BSD-3-Clause */
/* What the nodes said that staged each by itself, in a step that labels its output (srun --label): which failed, and why. */
#ifndef DLFM_SPANK_EACH_H
#define DLFM_SPANK_EACH_H

#include "cache-tools/error.h"

enum { EACH_REASONS_MAX = 4, EACH_TEXT_MAX = 200 };

/* Nodes that failed for one reason. */
struct each_reason {
	char text[EACH_TEXT_MAX];
	char *nodes; /* n2,n3 */
};

struct each_failures {
	unsigned nodes; /* that failed */
	struct each_reason
		reasons[EACH_REASONS_MAX]; /* the last stands for all further ones, too */
	unsigned n_reasons;
};

/*
 * Reads "<task>: dlfm: <reason>" lines; a node's last one counts. `names` are those of the tasks' nodes, `count` of them. What is
 * returned is freed by each_free(). Returns 0, or -1 without memory.
 */
int each_read(struct each_failures *f, const char *output, const char *const *names,
	      unsigned count);
void each_free(struct each_failures *f);
/* "staging failed on 1 of 3 nodes; n2: <reason>; tasks on it run without DLFM"; -1, as every dlfm_errf(). */
int each_describe(const struct each_failures *f, unsigned count, struct dlfm_error *e);

#endif
