/* SPDX-License-Identifier: BSD-3-Clause */
/* --help, from the option tables. */
#include <stdio.h>
#include <string.h>

#include "cache-tools/cli/cli.h"

enum { WIDTH = 79, TEXT_COLUMN = 26 };

/* Prints words from column `column` on, wrapped, indented to TEXT_COLUMN. */
static void print_wrapped(const char *text, int column, int indent)
{
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > indent && column + 1 + len > WIDTH) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", len, text);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_option(const struct cli_option *o)
{
	char head[120];
	int n;

	n = o->letter ? snprintf(head, sizeof(head), "  -%c, --%s", o->letter, o->name)
		      : snprintf(head, sizeof(head), "      --%s", o->name);
	if (o->argument)
		n += snprintf(head + n, sizeof(head) - (size_t)n, "=%s", o->argument);
	if (n >= TEXT_COLUMN - 1)
		printf("%s\n%*s", head, TEXT_COLUMN, "");
	else
		printf("%-*s", TEXT_COLUMN, head);
	print_wrapped(o->help, TEXT_COLUMN, TEXT_COLUMN);
}

static void print_notes(const char *notes)
{
	while (*notes) {
		int len = (int)strcspn(notes, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", len, notes);
		if (line[0] == ' ')
			puts(line);
		else
			print_wrapped(line, 0, 0);
		notes += len + (notes[len] == '\n');
	}
}

void cli_help(const struct cli_command *command)
{
	static const struct cli_option help = {.letter = 'h', .name = "help", .help = "this text"};
	const struct cli_option *o;

	printf("Usage: dlfm %s [OPTION...] %s\n", command->name, command->arguments);
	print_wrapped(command->summary, 0, 0);
	printf("\nOptions:\n");
	for (o = command->options; o && o->name; o++)
		print_option(o);
	print_option(&help);
	if (command->notes) {
		putchar('\n');
		print_notes(command->notes);
	}
}

void cli_help_all(void)
{
	const struct cli_command *const *c;

	printf("Usage: dlfm SUBCOMMAND [OPTION...] [ARGUMENT...]\n"
	       "Records what an application looks up when it starts, and answers it from node "
	       "memory.\n\n"
	       "Subcommands:\n");
	for (c = cli_commands; *c; c++) {
		if ((*c)->is_hidden)
			continue;
		printf("  %-12s", (*c)->name);
		print_wrapped((*c)->summary, 14, 14);
	}
	printf("\ndlfm SUBCOMMAND --help tells more; dlfm --version tells the version.\n"
	       "Exit status: the command's own for record and replay; 125 if DLFM itself failed, "
	       "126 if the\n"
	       "command cannot be run, 127 if it was not found.\n");
}
