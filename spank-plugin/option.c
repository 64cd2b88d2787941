/* SPDX-License-Identifier: BSD-3-Clause */
/* The option --dlfm of srun, sbatch and salloc. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "spank-plugin/plugin.h"

/*
 * Runs where the option is met: in srun, sbatch and salloc, to refuse what cannot be right before anything is
 * submitted, and on the nodes as root, where the value is not looked at (the ticket tells the task what to do).
 */
static int take_option(int val, const char *value, int remote)
{
	struct dlfm_job_option option;
	struct dlfm_error e;

	(void)val;
	plugin.option_given = 1;
	if (remote)
		return 0;
	if (!value || dlfm_job_option_parse(&option, value, &e) < 0) {
		slurm_error("dlfm: --dlfm: %s", value ? e.text : "a value is needed");
		return -1;
	}
	if (strlen(value) >= sizeof(plugin.option)) {
		slurm_error("dlfm: --dlfm: the value is too long");
		return -1;
	}
	strcpy(plugin.option, value);
	return 0;
}

/* Slurm prints the usage as one paragraph, and breaks its lines itself. It copies all of it. */
static char name[] = "dlfm";
static char arginfo[] = "record[:FILE]|replay:FILE|FILE|off[,OPTION...]";
static char usage[] =
	"Load shared libraries and Python files from node memory: record[:FILE] records what "
	"the step loads into a cache; replay:FILE stages the cache on all nodes and answers "
	"from it; FILE alone records if it is absent, else replays; off. Options: require, "
	"report[=FILE], learn, layers=dl|fm, stale=refresh|drop|fail, "
	"transport=tcp|mpi|pmix, scope=shared|all. See dlfm.so(8).";

static struct spank_option dlfm_option = {
	.name = name,
	.arginfo = arginfo,
	.usage = usage,
	.has_arg = 1,
	.val = 0,
	.cb = take_option,
};

int plugin_option_register(spank_t sp)
{
	return spank_option_register(sp, &dlfm_option) == ESPANK_SUCCESS ? 0 : -1;
}

int plugin_option_effective(struct dlfm_job_option *o, const char *variable, struct dlfm_error *e)
{
	if (plugin.option[0])
		return dlfm_job_option_parse(o, plugin.option, e);
	if (variable && variable[0])
		return dlfm_job_option_parse(o, variable, e) < 0
			       ? dlfm_err_prefix(e, "the variable DLFM")
			       : 0;
	return dlfm_job_option_parse(o, plugin.args.fallback, e);
}
