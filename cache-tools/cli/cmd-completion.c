/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm completion: prints the script by which a shell completes dlfm's command lines. For the build; not in the help. */
#include <string.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/completion.h"

enum completion_kind completion_of(const struct cli_option *o)
{
	if (o->kind == CLI_CHOICE)
		return COMPLETE_CHOICE;
	if (!o->argument)
		return COMPLETE_WORD;
	if (strcmp(o->argument, "FILE") == 0)
		return COMPLETE_FILE;
	return strcmp(o->argument, "DIR") == 0 ? COMPLETE_DIRECTORY : COMPLETE_WORD;
}

int completion_command_at(const struct cli_command *c)
{
	return c->is_launcher ? c->min_args - 1 : -1;
}

static int run(int argc, char **argv)
{
	struct dlfm_error e;

	(void)argc;
	if (strcmp(argv[0], "bash") == 0) {
		completion_bash();
	} else if (strcmp(argv[0], "zsh") == 0) {
		completion_zsh();
	} else {
		dlfm_errf(&e, "%s: there is no completion for this shell; name bash or zsh",
			  argv[0]);
		return cli_fail(&e);
	}
	return 0;
}

const struct cli_command cmd_completion = {
	.name = "completion",
	.arguments = "bash|zsh",
	.summary = "Prints the script by which a shell completes the command lines of dlfm.",
	.is_hidden = 1,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
