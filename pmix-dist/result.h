/* SPDX-License-Identifier: BSD-3-Clause */
/* What a transport hands back, whichever it is. */
#ifndef DLFM_PMIX_RESULT_H
#define DLFM_PMIX_RESULT_H

#include <stdbool.h>

#include "cache-tools/stage.h"
#include "cache-tools/stale.h"
#include "pmix-dist/report.h"

struct stage_result {
	/* Rank 0: all that can be known of the others is in `reports`. Others: rank 0 has ended it. */
	bool known;
	struct dlfm_error error; /* known is false: why */
	struct dlfm_cache_brief brief;
	struct dlfm_stale_report stale;
	struct reports reports; /* rank 0: one of each rank */
	double seconds;
	bool stuck; /* a thread hangs in a system call: only _exit ends the process */
};

#endif
