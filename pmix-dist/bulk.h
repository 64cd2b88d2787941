/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport pmix: the cache itself travels as PMIx values of rank 0, for small caches and for sites where nodes may not
 * connect to each other.
 *
 *	rank 0, before one commit:	dlfm.header, and dlfm.piece.<i> of PIECE_SIZE bytes (the default store of PMIx 4
 *					aborts at 4 MiB)
 *	each other rank, when done:	dlfm.report, one commit
 *
 * A value is put once and nothing is put after a commit, which would send everything again. Every server keeps the whole
 * cache in memory: hence the limit of its size.
 */
#ifndef DLFM_PMIX_BULK_H
#define DLFM_PMIX_BULK_H

#include "pmix-dist/options.h"
#include "pmix-dist/result.h"
#include "pmix-dist/wireup.h"

/* `stop` as for tree_run(). */
void bulk_run(struct stage_result *result, const struct options *o, struct wireup *w,
	      const volatile int *stop);

#endif
