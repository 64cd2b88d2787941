/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm pack: from journal directories to a cache. */
#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/pack-options.h"

static const char *command;
static int partial;

static const struct cli_option options[] = {
	CLI_PACK_OPTIONS,
	{0, "command", "TEXT", "what was recorded, for dlfm info", CLI_TEXT, &command, NULL},
	{0, "partial", NULL, "mark the cache: what was recorded failed or was killed", CLI_FLAG,
	 &partial, NULL},
	{0},
};

static int run(int argc, char **argv)
{
	struct dlfm_error e;

	cli_remove_temporaries_on_signals();
	if (cli_do_pack((const char *const *)argv, (size_t)argc, command, partial, &e) < 0)
		return cli_fail(&e);
	return 0;
}

const struct cli_command cmd_pack = {
	.name = "pack",
	.arguments = "JOURNAL-DIR...",
	.summary = "Packs what recorded processes looked up into a cache.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
