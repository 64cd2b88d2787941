/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step of our own inside the user's job, made by srun's side before it launches the user's step: one process on
 * each of the given nodes, beside everything that runs there.
 */
#ifndef DLFM_SPANK_NESTED_H
#define DLFM_SPANK_NESTED_H

#include <stdint.h>

#include "spank-plugin/command.h"

/* Set in the environment of what runs inside: there the plugin does nothing. */
#define NESTED_GUARD "DLFM_NESTED"

struct nested {
	uint32_t job;
	const char *nodes;	       /* n[1-4] */
	unsigned count;		       /* of nodes */
	const char *mpi;	       /* "pmix" or "none" */
	unsigned timeout;	       /* seconds, for the whole */
	const char *const *last_words; /* see command_run() */
	int label;	    /* each line of the output begins with the task's number and ": " */
	const char *libdir; /* for dlfm, which takes it from the environment; NULL: none */
};

/* Runs argv (a path first) in such a step. As command_run(). */
int nested_run(struct command_result *r, const struct nested *n, const char *const argv[],
	       struct dlfm_error *e);
/* Copies a file to node memory: `file` to `to` on all nodes of the step, by sbcast. As command_run(). */
int nested_sbcast(struct command_result *r, const struct nested *n, uint32_t step, const char *file,
		  const char *to, struct dlfm_error *e);

#endif
