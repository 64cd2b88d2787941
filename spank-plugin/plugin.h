/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the contexts of the plugin share: its state in this process, and one function for each callback in each
 * context. dispatch.c calls them; each file below serves one context.
 *
 * In srun, sbatch and salloc everything runs as the user. In slurmstepd and in the epilog's process the callbacks run as
 * root (but for task_init): there nothing that the user wrote is looked into, and whatever concerns his files is done
 * by a child that has become the user (as-user.h).
 */
#ifndef DLFM_SPANK_PLUGIN_H
#define DLFM_SPANK_PLUGIN_H

#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "cache-tools/error.h"
#include "cache-tools/job-option.h"
#include "spank-plugin/args.h"

struct plugin {
	struct plugin_args args;
	char bad_args
		[512]; /* why the arguments were refused: the plugin then does nothing; "" if they are good */
	char option
		[2 *
		 PATH_MAX]; /* srun, sbatch, salloc: value of --dlfm as given; "" if it was not */
	int option_given;   /* in all contexts */
	int in_job; /* srun: it was started inside a job, whose other sruns share what is staged */
};
extern struct plugin plugin;

/* ---- option.c ---- */

/* Registers --dlfm in this context. 0, or -1. */
int plugin_option_register(spank_t sp);
/*
 * What the user asked for: --dlfm, else the variable DLFM, else the plugin's default. `variable` is the value of DLFM,
 * NULL if unset. Returns 0, or -1 with a text that names where the value came from.
 */
int plugin_option_effective(struct dlfm_job_option *o, const char *variable, struct dlfm_error *e);

/* ---- local.c: srun ---- */

/* After the allocation, before the launch: stages or prepares recording, and writes the ticket. */
int plugin_local_user_init(spank_t sp);
/* When srun ends. */
void plugin_local_exit(void);

/* ---- allocator.c: sbatch, salloc ---- */

/* At the start. */
void plugin_allocator_init(void);
/* After the options: what is wrong with the variable DLFM is said now and not in the job. */
void plugin_allocator_post_opt(void);
/* When salloc ends: the note of its job goes. */
void plugin_allocator_exit(void);

/* ---- task.c: the child that becomes the task ---- */

/* As root, in the job's namespaces: finds out which staging directories are the job's own (job_container). */
void plugin_task_init_privileged(void);

/* As the user: sets the task's environment by the ticket. Always 0: what fails is said, and the task runs without. */
int plugin_task_init(spank_t sp);

/* ---- node.c: slurmstepd as root; the epilog ---- */

void plugin_step_task_exit(spank_t sp); /* one task ended; with the last, collects journals */
void plugin_step_exit(spank_t sp);	/* the step ends: the same, if it was not done */
void plugin_job_epilog(spank_t sp);	/* releases leases, removes what the job left */

/* ---- node-start.c: slurmd ---- */

/* Sweeps leases of jobs that are gone, in the background. */
void plugin_slurmd_start(void);

#endif
