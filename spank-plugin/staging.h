/* SPDX-License-Identifier: BSD-3-Clause */
/* srun's side of a replay: the cache gets to all nodes of the step, and a lease of the job holds it there. */
#ifndef DLFM_SPANK_STAGING_H
#define DLFM_SPANK_STAGING_H

#include <stdint.h>

#include "cache-tools/job-option.h"
#include "cache-tools/stage.h"
#include "spank-plugin/args.h"

struct staging {
	const struct plugin_args *args;
	const struct dlfm_job_option *option; /* its file is absolute */
	uint32_t job, step;
	int with_note; /* other sruns of the job may have staged, and will want to know */
};

enum staged {
	STAGED_ALL, /* the text is empty, or worth telling */
	STAGED_NOT_ALL, /* the text says why, and which nodes have no image; those that have one use it */
	STAGED_INTERRUPTED, /* by the user */
};

/*
 * The lease's key: "<job>.<digest>", of the cache file's path, place, size and time. So a file that was replaced
 * during the job is another cache. -1 with a text if there is no such file.
 */
int staging_key(const struct staging *s, char key[DLFM_LEASE_KEY_MAX], struct dlfm_error *e);
/* Stages, unless the note says that all nodes have the image. */
enum staged staging_run(const struct staging *s, const char *key, struct dlfm_error *e);

#endif
