/* SPDX-License-Identifier: BSD-3-Clause */
/* The one line that a user sees: which nodes have the image, which failed and why. */
#ifndef DLFM_PMIX_VERDICT_H
#define DLFM_PMIX_VERDICT_H

#include "pmix-dist/options.h"
#include "pmix-dist/report.h"

enum {
	STAGE_EXIT_SOME = 3, /* some nodes, not all, have the image */
};

struct verdict {
	int status;	 /* exit code */
	char line[4096]; /* without "dlfm: " and newline */
};

/* From the reports of rank 0; a rank without one failed. */
void verdict_make(struct verdict *v, const struct stage_result *r, const struct options *o);

/* Prints what this rank has to say (only rank 0 speaks) and returns its exit code. */
int verdict_say(const struct stage_result *r, const struct options *o, uint32_t rank);

/*
 * Writes names as Slurm does: n[1-3,7],login. Sorts `names`. What does not fit in `size` bytes is
 * left out, and "..." stands for it.
 */
void nodelist_format(char *text, size_t size, const char **names, size_t n);

#endif
