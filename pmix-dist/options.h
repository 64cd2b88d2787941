/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of dlfm-stage and dlfm-stage-mpi: one table for parsing and help. */
#ifndef DLFM_PMIX_OPTIONS_H
#define DLFM_PMIX_OPTIONS_H

#include <stdbool.h>

#include "pmix-dist/tree.h"

enum { STAGE_DIRS_MAX = 16 };

struct options {
	enum dlfm_transport transport;
	struct tree_options tree;
	bool require, quiet;
	const char *trace;   /* for trace_open(), or NULL */
	const char *release; /* key: release the lease instead */
	const char *dirs[STAGE_DIRS_MAX + 1];
	char *dirs_text;
	double pmix_max; /* bytes of a cache for transport=pmix */
};

/*
 * 0, or 1 if help or the version was printed to standard output, or -1 with a text. What is set
 * points into argv or into *o.
 */
int options_parse(struct options *o, int argc, char **argv, struct dlfm_error *e);

#endif
