/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport tcp: a k-ary tree of nodes, rank r below (r - 1) / k, through which the chunks of the
 * cache are pipelined and reports come back.
 *
 * A node that loses its parent, or cannot reach it, goes to rank 0 with its whole subtree and goes
 * on at the chunk that it misses; only rank 0 can serve from any chunk on, because it has the file.
 * A node whose own staging failed, or that has the image already, still forwards. A node wants data
 * only if it or one below it does.
 */
#ifndef DLFM_PMIX_TREE_H
#define DLFM_PMIX_TREE_H

#include "cache-tools/job-option.h"
#include "cache-tools/stage.h"
#include "pmix-dist/result.h"
#include "pmix-dist/source.h"
#include "pmix-dist/wireup.h"

struct tree_options {
	const char *cache;
	const char *interfaces; /* as for endpoint_listen() */
	enum dlfm_stale stale;
	struct dlfm_stage_options stage;
	unsigned fanout;
	double timeout; /* seconds for everything */
	double idle;	/* seconds without a word after which a peer is taken for dead */
	double join;	/* seconds that a child may take to come up */
	double rate;	/* rank 0 reads at most so many bytes a second; 0: no limit */
};

/* Stages on this node and takes part in staging on the others. `stop` is set by a signal handler to
 * end it. */
void tree_run(struct stage_result *result, const struct tree_options *options, struct wireup *w,
	      const volatile int *stop);

#endif
