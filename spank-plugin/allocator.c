/* SPDX-License-Identifier: BSD-3-Clause */
/* sbatch and salloc: they only pass the option on. */
#include "config.h"

#include <stdlib.h>

#include "spank-plugin/plugin.h"

void plugin_allocator_post_opt(void)
{
	struct dlfm_job_option option;
	struct dlfm_error e;

	if (plugin_option_effective(&option, getenv("DLFM"), &e) < 0)
		slurm_error("dlfm: %s", e.text);
}
