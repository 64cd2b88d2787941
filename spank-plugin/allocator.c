/* SPDX-License-Identifier: BSD-3-Clause */
/* sbatch and salloc: they only pass the option on. */
#include "config.h"

#include <stdlib.h>

#include "spank-plugin/note.h"
#include "spank-plugin/plugin.h"

void plugin_allocator_post_opt(void)
{
	struct dlfm_job_option option;
	struct dlfm_error e;

	if (plugin_option_effective(&option, getenv("DLFM"), &e) < 0)
		slurm_error("dlfm: %s", e.text);
}

/* The job in which this command was started; that is not its own. */
static unsigned long outer_job;

static unsigned long job_id(void)
{
	const char *job = getenv("SLURM_JOB_ID");

	return job ? strtoul(job, NULL, 10) : 0;
}

void plugin_allocator_init(void)
{
	outer_job = job_id();
}

/* What the sruns in salloc's shell noted stands on the node where they ran, which may have no epilog. */
void plugin_allocator_exit(void)
{
	unsigned long job = job_id();

	if (job && job != outer_job)
		note_remove(plugin.args.dirs, job);
}
