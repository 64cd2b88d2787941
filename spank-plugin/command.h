/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a program on srun's side: bounded, its output captured, srun's own signals and children left alone. */
#ifndef DLFM_SPANK_COMMAND_H
#define DLFM_SPANK_COMMAND_H

#include "cache-tools/error.h"

enum { COMMAND_OUTPUT_MAX = 16384 };

enum command_end {
	COMMAND_EXITED,	     /* `status` is its exit status */
	COMMAND_INTERRUPTED, /* it or this process (interrupt.h) got SIGINT, SIGTERM or SIGHUP */
	COMMAND_KILLED,	     /* by another signal, which is `status` */
	COMMAND_TIMEOUT,     /* it was stopped by us */
	COMMAND_LINGERED,    /* it had said its last word, and was stopped as it did not end then */
};

struct command_result {
	enum command_end end;
	int status;
	char output[COMMAND_OUTPUT_MAX]; /* the last of what it wrote to either output */
};

/*
 * Runs argv[0] (a path) with this environment and without input for at most `timeout` seconds (and six more until it obeys).
 * If `last_words` is not NULL (NULL-terminated): when a line that begins with one of them has come, the program must end within three seconds. Returns
 * 0 when it has ended, or -1 with a text if it could not be started.
 */
int command_run(struct command_result *r, const char *const argv[], const char *const envp[],
		unsigned timeout, const char *const *last_words, struct dlfm_error *e);

/*
 * The one line of the output that says most: the last that DLFM's programs wrote ("dlfm: "), else the last error
 * of srun, else the last one; without the words in front. Points into r->output, which it cuts. Never NULL. *ours, if not
 * NULL, tells whether the line is DLFM's.
 */
const char *command_gist(struct command_result *r, int *ours);

#endif
