/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of subcommands. */
#include "cache-tools/cli/commands.h"

#include <stddef.h>

/* clang-format off */
const struct cli_command *const cli_commands[] = {
	&cmd_record, /* make a cache */
	&cmd_pack,
	&cmd_learn,
	&cmd_merge,
	&cmd_refresh,
	&cmd_replay, /* use one */
	&cmd_stage,
	&cmd_clean,
	&cmd_info, /* look into one */
	&cmd_ls,
	&cmd_explain,
	&cmd_top,
	&cmd_verify,
	&cmd_diff,
	&cmd_extract,
	&cmd_doctor, /* look at the node and the site */
	&cmd_option, /* for the plugins */
	&cmd_completion,
	NULL,
};
