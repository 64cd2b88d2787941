/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm info: what a cache is, where it comes from, how large it is. */
#include "cache-tools/cli/commands.h"

static int run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

const struct cli_command cmd_info = {
	.name = "info",
	.arguments = "CACHE",
	.summary = "Tells what a cache is, where it comes from and how large it is.",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
