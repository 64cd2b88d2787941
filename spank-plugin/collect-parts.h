/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm-collect: from a node's journals to the directory of the parts, and from there to the target (gathering.h). */
#ifndef DLFM_SPANK_COLLECT_PARTS_H
#define DLFM_SPANK_COLLECT_PARTS_H

#include "spank-plugin/args.h"
#include "spank-plugin/collection.h"

struct collect {
	const char *dlfm;
	unsigned failed, killed, timeout;
	unsigned unknown; /* 1: how the tasks ended is not known */
};

/* What the nodes said of their tasks, added up. */
struct collect_sum {
	unsigned nodes, failed, killed, incomplete, unknown;
};

/* Delivers a node's journals, and if they were the last to come makes the target. -1 with a text if they could not be
 * delivered. */
int collect_parts(const struct collect *run, const struct collection *c, const char *journal,
		  struct dlfm_error *e);

/* collect-finish.c: makes the target, and the log if there is something to say. */
void collect_finish(const struct collect *run, const struct ticket *t,
		    const struct collect_sum *sum, const char *parts);

#endif
