/* SPDX-License-Identifier: BSD-3-Clause */
/* Staging on this node by calls that wait, and this node's report: for the transports that have one thread. */
#ifndef DLFM_PMIX_LOCAL_H
#define DLFM_PMIX_LOCAL_H

#include <stdbool.h>

#include "cache-tools/stage.h"
#include "pmix-dist/report.h"

struct local {
	struct dlfm_stager *stager; /* not NULL: data are needed */
	struct report report;	    /* rank and node are the caller's; kind and text are set here */
};

/* Opens the stager; what becomes of it is in *l. */
void local_open(struct local *l, const struct dlfm_cache_brief *brief,
		const struct dlfm_stage_options *options);
/* Each does nothing if no data are needed (any more). */
void local_feed(struct local *l, const void *data, size_t size);
void local_finish(struct local *l);
void local_abort(struct local *l);
/* Staging fails here, for a reason of the caller's. */
void local_fail(struct local *l, const struct dlfm_error *e);

#endif
