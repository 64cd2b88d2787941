/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of subcommands. */
#include "cache-tools/cli/commands.h"

#include <stddef.h>

const struct cli_command *const cli_commands[] = {
	&cmd_replay, /* use a cache */
	&cmd_stage,
	&cmd_clean,
	&cmd_pack, /* make one */
	&cmd_merge,
	&cmd_info, /* look into one */
	&cmd_ls,
	&cmd_diff,
	&cmd_extract,
	&cmd_option,
	NULL,
};
