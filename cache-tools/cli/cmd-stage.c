/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm stage: makes the node image of a cache and prints where it is. */
#include <stdio.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/staging.h"

static struct cli_staging staging;
static const char *lease;

static const struct cli_option options[] = {
	CLI_STAGING_OPTIONS(staging),
	{.name = "lease",
	 .argument = "KEY",
	 .help = "take a lease: the image stays until dlfm clean --job=KEY",
	 .kind = CLI_TEXT,
	 .value = &lease},
	{.letter = 'q', .name = "quiet", .help = "say nothing but errors", .value = &cli_quiet},
	{.name = NULL},
};

static int run(int argc, char **argv)
{
	char image[PATH_MAX];
	struct dlfm_error e;

	int rc;

	(void)argc;
	rc = cli_stage(&staging, argv[0], lease, image, &e);
	cli_end_if_interrupted();
	if (rc < 0)
		return cli_fail(&e);
	puts(image);
	return 0;
}

const struct cli_command cmd_stage = {
	.name = "stage",
	.arguments = "CACHE",
	.summary = "Makes the node image of a cache on this node and prints its directory.",
	.notes = "An image that is there already is used. Without --lease it stays until the "
		 "user's next dlfm clean, and longer while a process uses it.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
