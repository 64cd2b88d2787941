/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ticket: what srun's side decided for a step, told to the step's nodes in one variable of its environment. Its
 * name begins with SLURM_ because srun sends those on even under --export=NONE. It is the user's own data: only what
 * runs as the user reads it.
 *
 *	SLURM_DLFM_STEP=<job>.<step> <word> <lease key, or -> <option>
 *
 * with the option as the user could have written it, but for a FILE that is absolute and a mode that is record
 * or replay. Words: "go", "quiet" (some nodes have no image, and the user was told).
 */
#ifndef DLFM_SPANK_TICKET_H
#define DLFM_SPANK_TICKET_H

#include <stdint.h>

#include "cache-tools/error.h"
#include "cache-tools/job-option.h"
#include "cache-tools/stage.h"

#define TICKET_VARIABLE "SLURM_DLFM_STEP"
/* Present beside the ticket if journals are to be collected when the step has ended; its value says nothing. */
#define TICKET_COLLECT_VARIABLE "SLURM_DLFM_COLLECT"

enum { TICKET_TEXT_MAX = 2 * PATH_MAX + 512 };

enum ticket_word { TICKET_GO, TICKET_QUIET };

struct ticket {
	uint32_t job, step;
	enum ticket_word word;
	char key[DLFM_LEASE_KEY_MAX];
	struct dlfm_job_option option;
};

/* Writes it as text; -1 if it does not fit. */
int ticket_format(const struct ticket *t, char text[TICKET_TEXT_MAX]);
/* Reads it; -1 with a text if it is none. */
int ticket_parse(struct ticket *t, const char *text, struct dlfm_error *e);

#endif
