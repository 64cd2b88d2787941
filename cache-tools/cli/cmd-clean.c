/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm clean: removes node images. */
#include <stdio.h>
#include <stdlib.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/staging.h"

static struct cli_list dirs;
static const char *job;
static int all;
static uint64_t age;

static const struct cli_option options[] = {
	{.letter = 'd',
	 .name = "dir",
	 .argument = "DIR",
	 .help = "clean below DIR; may be given several times (default: /dev/shm, $TMPDIR, /tmp)",
	 .kind = CLI_LIST,
	 .value = &dirs},
	{.name = "job",
	 .argument = "KEY",
	 .help = "end the leases KEY and KEY.*, and remove what nobody else has leased",
	 .kind = CLI_TEXT,
	 .value = &job},
	{.name = "age",
	 .argument = "SECONDS",
	 .help = "leave what is younger",
	 .kind = CLI_NUMBER,
	 .value = &age},
	{.name = "all",
	 .help = "remove everything, leased or in use: programs that use it may fail",
	 .kind = CLI_FLAG,
	 .value = &all},
	{.letter = 'q', .name = "quiet", .help = "say nothing but errors", .value = &cli_quiet},
	{.name = NULL},
};

static int run(int argc, char **argv)
{
	const char **list = cli_dirs(&dirs);
	struct dlfm_error e;
	int n;

	(void)argc;
	(void)argv;
	if (job)
		n = dlfm_lease_release(list, job, &e);
	else if (all)
		n = dlfm_stage_sweep_all(list, &e);
	else
		n = dlfm_stage_sweep(list, age > UINT32_MAX ? UINT32_MAX : age, &e);
	free(list);
	if (n < 0)
		return cli_fail(&e);
	if (!cli_quiet)
		printf("%d removed\n", n);
	return 0;
}

const struct cli_command cmd_clean = {
	.name = "clean",
	.arguments = "",
	.summary = "Removes node images and journals that nobody uses on this node.",
	.notes = "Without --job and --all: what killed processes left, and images and journals "
		 "without a lease that no process has mapped. root cleans for all users.",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
