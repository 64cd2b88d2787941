/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin's arguments in plugstack.conf: key=value each, documented in dlfm.so(8).
 *
 *	prefix=DIR	 where DLFM is installed (default: where it was configured to be)
 *	stage_dirs=A:B	 node-local directories for images and journals, in order (default: /dev/shm:/tmp)
 *	max_size=SIZE	 refuse larger images (default: no limit but the space)
 *	timeout=SECONDS	 limit of each wait of a launch or a step's end for DLFM (default: 120)
 *	default=TEXT	 what is done for a step whose user says nothing (default: off)
 */
#ifndef DLFM_SPANK_ARGS_H
#define DLFM_SPANK_ARGS_H

#include <limits.h>

#include "cache-tools/error.h"

enum { PLUGIN_DIRS_MAX = 16 };

struct plugin_args {
	char prefix[PATH_MAX];
	char dirs_text[PATH_MAX];	       /* as dlfm-stage takes it: A:B */
	const char *dirs[PLUGIN_DIRS_MAX + 1]; /* NULL-terminated; point into dirs_list */
	char dirs_list[PATH_MAX];
	char max_size[32];	 /* as written; "": none */
	unsigned timeout;	 /* seconds */
	char fallback[PATH_MAX]; /* default=; "off" */
};

/*
 * Parses the arguments into *a, which must not be moved afterwards. Returns 0, or -1 with a text that names the
 * argument; then *a holds the defaults.
 */
int plugin_args_parse(struct plugin_args *a, int argc, char **argv, struct dlfm_error *e);

/* What is installed where below the prefix. */
enum plugin_file {
	PLUGIN_LIBDIR,	   /* directory of the injected objects */
	PLUGIN_DLFM,	   /* bin/dlfm */
	PLUGIN_STAGE,	   /* dlfm-stage */
	PLUGIN_COLLECT,	   /* dlfm-collect */
	PLUGIN_STAGE_COPY, /* dlfm-stage-copy */
};
/* Its path. Returns `path`, or NULL if it does not fit. */
const char *plugin_path(const struct plugin_args *a, enum plugin_file which, char path[PATH_MAX]);

#endif
