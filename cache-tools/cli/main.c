/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm: finds the subcommand and runs it. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cache-tools/cli/cli.h"

static const struct cli_command *find(const char *name)
{
	const struct cli_command *const *c;

	for (c = cli_commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

static int help(const char *name)
{
	const struct cli_command *command = name ? find(name) : NULL;
	struct dlfm_error e;

	if (command) {
		cli_help(command);
	} else if (name) {
		dlfm_errf(&e, "there is no subcommand '%s'; dlfm --help lists them", name);
		return cli_fail(&e);
	} else {
		cli_help_all();
	}
	return cli_finish(0);
}

int main(int argc, char **argv)
{
	const struct cli_command *command;
	struct dlfm_error e;
	int first, n, rc;

	cli_stand_alone(argv);
	if (argc < 2) {
		dlfm_errf(&e, "a subcommand is missing; dlfm --help lists them");
		return cli_fail(&e);
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("dlfm %s\n", PACKAGE_VERSION);
		return cli_finish(0);
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(argc > 2 ? argv[2] : NULL);
	command = find(argv[1]);
	if (!command) {
		dlfm_errf(&e, "there is no subcommand '%s'; dlfm --help lists them", argv[1]);
		return cli_fail(&e);
	}
	rc = cli_parse(command, argc - 1, argv + 1, &first, &e);
	if (rc != 0)
		return rc < 0 ? cli_fail(&e) : cli_finish(0);
	n = argc - 1 - first;
	if (n < command->min_args || (command->max_args >= 0 && n > command->max_args)) {
		dlfm_errf(&e, "%s: %s; usage: dlfm %s [OPTION...] %s", command->name,
			  n < command->min_args ? "an argument is missing" : "too many arguments",
			  command->name, command->arguments);
		return cli_fail(&e);
	}
	return cli_finish(command->run(n, argv + 1 + first));
}
