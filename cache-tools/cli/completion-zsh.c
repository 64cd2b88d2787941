/* SPDX-License-Identifier: BSD-3-Clause */
/* The script for zsh: specifications for _arguments (zshcompsys(1)). */
#include <stdio.h>
#include <string.h>

#include "cache-tools/cli/completion.h"

/* In single quotes, where _arguments reads "[", "]" and ":". */
static void print_quoted(const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr(special, *text))
			putchar('\\');
		putchar(*text);
	}
}

static void print_action(const struct cli_option *o)
{
	const struct cli_choice *choice;

	putchar(':');
	print_quoted(o->kind == CLI_CHOICE ? o->name : o->argument, ":");
	switch (completion_of(o)) {
	case COMPLETE_FILE:
		fputs(":_files", stdout);
		break;
	case COMPLETE_DIRECTORY:
		fputs(":_directories", stdout);
		break;
	case COMPLETE_CHOICE:
		fputs(":(", stdout);
		for (choice = o->choices; choice->name; choice++)
			printf("%s%s", choice == o->choices ? "" : " ", choice->name);
		putchar(')');
		break;
	case COMPLETE_WORD:
		fputs(": ", stdout);
		break;
	}
}

static void print_option(const struct cli_option *o)
{
	const int again = o->kind == CLI_LIST || o->kind == CLI_COUNT;
	const char *value = o->argument ? "=" : "", *letter_value = o->argument ? "+" : "";

	fputs("\t\t\t", stdout);
	if (again)
		fputs("'*'", stdout);
	else if (o->letter)
		printf("'(-%c --%s)'", o->letter, o->name);
	if (o->letter)
		printf("{-%c%s,--%s%s}'[", o->letter, letter_value, o->name, value);
	else
		printf("'--%s%s[", o->name, value);
	print_quoted(o->help, "[]:\\");
	putchar(']');
	if (o->argument)
		print_action(o);
	puts("' \\");
}

static void print_command(const struct cli_command *c)
{
	const int at = completion_command_at(c);
	const struct cli_option *o;
	int i;

	printf("\t\t%s)\n\t\t\t_arguments -s -S%s \\\n", c->name, at == 0 ? " -A '-*'" : "");
	for (o = c->options; o && o->name; o++)
		print_option(o);
	puts("\t\t\t'(- *)'{-h,--help}'[tell the options]' \\");
	for (i = 1; i <= at; i++)
		printf("\t\t\t'%d:argument:_files' \\\n", i);
	printf("\t\t\t%s\n\t\t\t;;\n", at >= 0		  ? "'*:::command:_normal'"
				       : c->max_args == 0 ? "&& return"
							  : "'*:argument:_files'");
}

void completion_zsh(void)
{
	const struct cli_command *const *c;

	puts("#compdef dlfm\n# zsh completion for dlfm; made by dlfm completion zsh\n\n"
	     "_dlfm()\n{\n\tlocal curcontext=$curcontext state line\n\tlocal -a subcommands\n\n"
	     "\tsubcommands=(");
	for (c = cli_commands; *c; c++) {
		if ((*c)->is_hidden)
			continue;
		printf("\t\t'%s:", (*c)->name);
		print_quoted((*c)->summary, "");
		puts("'");
	}
	puts("\t\t'help:Tells about a subcommand.'\n\t)\n"
	     "\t_arguments -C '(- *)'{-h,--help}'[list the subcommands]' "
	     "'(- *)'{-V,--version}'[tell the version]' \\\n"
	     "\t\t'1:subcommand:->subcommand' '*::argument:->arguments' && return\n"
	     "\tcase $state in\n"
	     "\tsubcommand) _describe subcommand subcommands ;;\n"
	     "\targuments)\n"
	     "\t\tcase $line[1] in\n"
	     "\t\thelp) _describe subcommand subcommands ;;");
	for (c = cli_commands; *c; c++)
		if (!(*c)->is_hidden)
			print_command(*c);
	puts("\t\tesac\n\t\t;;\n\tesac\n}\n\n_dlfm \"$@\"");
}
