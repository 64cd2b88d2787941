/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm-collect's part for a record: journals to the parts' directory, and from there into the cache. */
#ifndef DLFM_SPANK_COLLECT_RECORD_H
#define DLFM_SPANK_COLLECT_RECORD_H

#include "spank-plugin/args.h"
#include "spank-plugin/collection.h"

struct collect {
	const char *dlfm;
	unsigned failed, killed, timeout;
	unsigned unknown; /* 1: how the tasks ended is not known */
};

/* -1 with a text if this node's journals could not be brought there. */
int collect_record(const struct collect *run, const struct collection *c, const char *journal,
		   struct dlfm_error *e);

#endif
