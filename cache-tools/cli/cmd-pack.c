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

	int rc;

	cli_keep_signals();
	rc = cli_do_pack((const char *const *)argv, (size_t)argc, command, partial, &e);
	if (rc < 0)
		cli_fail(&e);
	cli_end_if_interrupted();
	return rc < 0 ? DLFM_EXIT_OWN : 0;
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
