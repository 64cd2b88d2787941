/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm learn: adds what replays asked of the file system to their cache. */
#include "config.h"

#include "cache-tools/cli/commands.h"
#include "cache-tools/learn.h"

static const struct cli_option options[] = {
	{.letter = 'q', .name = "quiet", .help = "say nothing but errors", .value = &cli_quiet},
	{.name = NULL},
};

static int run(int argc, char **argv)
{
	struct dlfm_error e;
	int rc;

	cli_remove_temporaries_on_signals();
	rc = dlfm_learn(argv[0], (const char *const *)argv + 1, (size_t)argc - 1, &e);
	if (rc < 0)
		return cli_fail(&e);
	if (rc == 0 && !cli_quiet)
		cli_say("%s: nothing to learn: %s", argv[0], e.text);
	return 0;
}

const struct cli_command cmd_learn = {
	.name = "learn",
	.arguments = "CACHE JOURNALS...",
	.summary = "Adds what replays had to ask of the file system to their cache.",
	.notes = "JOURNALS are directories that launchers had replays write their journals to. "
		 "dlfm replay --learn does the whole at once.",
	.options = options,
	.min_args = 2,
	.max_args = -1,
	.run = run,
};
