/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The callbacks that Slurm calls (spank(8)), handed to the file of their context. Except where a user asked that a
 * problem should stop his step, they return 0: a failing callback of a plugin that is `required` would fail
 * every job, and in slurmstepd it would drain the node.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "spank-plugin/plugin.h"

const char plugin_name[] = "dlfm";
const char plugin_type[] = "spank";
const unsigned int plugin_version = SLURM_VERSION_NUMBER;
const unsigned int spank_plugin_version = 1;

struct plugin plugin;

static void parse_args(int argc, char **argv)
{
	struct dlfm_error e;

	plugin.bad_args[0] = '\0';
	if (plugin_args_parse(&plugin.args, argc, argv, &e) == 0)
		return;
	snprintf(plugin.bad_args, sizeof(plugin.bad_args), "%.500s", e.text);
	slurm_error("dlfm: plugstack.conf: %s; DLFM is switched off", e.text);
}

int slurm_spank_init(spank_t sp, int argc, char **argv)
{
	parse_args(argc, argv);
	switch (spank_context()) {
	case S_CTX_LOCAL:
		plugin.in_job = getenv("SLURM_JOB_ID") != NULL;
		plugin_option_register(sp);
		break;
	case S_CTX_ALLOCATOR:
		plugin_allocator_init();
		plugin_option_register(sp);
		break;
	case S_CTX_REMOTE:
		plugin_option_register(sp);
		break;
	case S_CTX_SLURMD:
		if (!plugin.bad_args[0])
			plugin_slurmd_start();
		break;
	default:
		break;
	}
	return 0;
}

int slurm_spank_init_post_opt(spank_t sp, int argc, char **argv)
{
	(void)sp, (void)argc, (void)argv;
	if (spank_context() == S_CTX_ALLOCATOR)
		plugin_allocator_post_opt();
	return 0;
}

int slurm_spank_local_user_init(spank_t sp, int argc, char **argv)
{
	(void)argc, (void)argv;
	return plugin_local_user_init(sp);
}

int slurm_spank_task_init_privileged(spank_t sp, int argc, char **argv)
{
	(void)sp, (void)argc, (void)argv;
	plugin_task_init_privileged();
	return 0;
}

int slurm_spank_task_init(spank_t sp, int argc, char **argv)
{
	(void)argc, (void)argv;
	return plugin.bad_args[0] ? 0 : plugin_task_init(sp);
}

int slurm_spank_task_exit(spank_t sp, int argc, char **argv)
{
	(void)argc, (void)argv;
	plugin_step_task_exit(sp);
	return 0;
}

int slurm_spank_exit(spank_t sp, int argc, char **argv)
{
	(void)argc, (void)argv;
	if (plugin.bad_args[0])
		return 0;
	if (spank_context() == S_CTX_REMOTE)
		plugin_step_exit(sp);
	else if (spank_context() == S_CTX_LOCAL)
		plugin_local_exit();
	else if (spank_context() == S_CTX_ALLOCATOR)
		plugin_allocator_exit();
	return 0;
}

int slurm_spank_job_epilog(spank_t sp, int argc, char **argv)
{
	parse_args(argc, argv); /* slurm_spank_init is not called in this process */
	if (!plugin.bad_args[0])
		plugin_job_epilog(sp);
	return 0;
}
