/* SPDX-License-Identifier: BSD-3-Clause */
/* The script for bash. It needs nothing but bash; with bash-completion, commands of record and replay are completed, too. */
#include <stdio.h>

#include "cache-tools/cli/completion.h"

static const char head[] =
	"# bash completion for dlfm; made by dlfm completion bash\n"
	"\n"
	"# Sets $options, $valued (those with a value) and $command_at of a subcommand.\n"
	"_dlfm_options()\n"
	"{\n"
	"\tcase $1 in\n";

static const char values[] = "\tesac\n"
			     "}\n"
			     "\n"
			     "# Completes the value of an option: _dlfm_value SUBCOMMAND OPTION\n"
			     "_dlfm_value()\n"
			     "{\n"
			     "\tcase \"$1 $2\" in\n";

static const char body[] =
	"\tesac\n"
	"}\n"
	"\n"
	"_dlfm_words()\n"
	"{\n"
	"\tCOMPREPLY=($(compgen -P \"$before\" -W \"$1\" -- \"$cur\"))\n"
	"}\n"
	"\n"
	"_dlfm_files() # -f or -d\n"
	"{\n"
	"\tlocal IFS=$'\\n'\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tCOMPREPLY=($(compgen -P \"$before\" \"$1\" -- \"$cur\"))\n"
	"}\n"
	"\n"
	"# Is this word of the command line in the list?\n"
	"_dlfm_has()\n"
	"{\n"
	"\t[[ \" $1 \" == *\" $2 \"* ]]\n"
	"}\n"
	"\n"
	"_dlfm_command() # the word at which the command of record and replay begins\n"
	"{\n"
	"\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t_command_offset \"$1\"\n"
	"\telif [ \"$COMP_CWORD\" = \"$1\" ]; then\n"
	"\t\tlocal IFS=$'\\n'\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tCOMPREPLY=($(compgen -c -- \"$cur\"; compgen -d -- \"$cur\"))\n"
	"\telse\n"
	"\t\t_dlfm_files -f\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_dlfm()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} before= sub=${COMP_WORDS[1]} options= valued= "
	"command_at=-1\n"
	"\tlocal i=2 arguments=0 word option=\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tif [ \"$COMP_CWORD\" -le 1 ]; then\n"
	"\t\t_dlfm_words \"$_dlfm_subcommands help --help --version\"\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t_dlfm_options \"$sub\"\n"
	"\twhile [ \"$i\" -lt \"$COMP_CWORD\" ]; do\n"
	"\t\tword=${COMP_WORDS[i]} option=\n"
	"\t\tif [ \"$word\" = -- ] || { [[ $word != -* ]] && [ \"$arguments\" = \"$command_at\" ]; "
	"}; then\n"
	"\t\t\t[ \"$word\" != -- ] || i=$((i + 1))\n"
	"\t\t\t[ \"$command_at\" = -1 ] || { _dlfm_command \"$i\"; return; }\n"
	"\t\telif [[ $word != -* ]]; then\n"
	"\t\t\targuments=$((arguments + 1))\n"
	"\t\telif _dlfm_has \"$valued\" \"$word\"; then # \"=\" may be a word of its own\n"
	"\t\t\toption=$word\n"
	"\t\t\ti=$((i + 1))\n"
	"\t\t\t[ \"$i\" -ge \"$COMP_CWORD\" ] || [ \"${COMP_WORDS[i]}\" != = ] || i=$((i + 1))\n"
	"\t\tfi\n"
	"\t\ti=$((i + 1))\n"
	"\tdone\n"
	"\tif [ -n \"$option\" ] && [ \"$i\" -gt \"$COMP_CWORD\" ]; then\n"
	"\t\t[ \"$cur\" != = ] || cur=\n"
	"\t\t_dlfm_value \"$sub\" \"$option\"\n"
	"\telif [[ $cur == --*=* ]]; then\n"
	"\t\toption=${cur%%=*} before=$option= cur=${cur#*=}\n"
	"\t\t_dlfm_value \"$sub\" \"$option\"\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\t_dlfm_words \"$options\"\n"
	"\t\t[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null\n"
	"\telif [ \"$sub\" = help ]; then\n"
	"\t\t_dlfm_words \"$_dlfm_subcommands\"\n"
	"\telif [ \"$arguments\" = \"$command_at\" ]; then\n"
	"\t\t_dlfm_command \"$i\"\n"
	"\telse\n"
	"\t\t_dlfm_files -f\n"
	"\tfi\n"
	"}\n"
	"\n"
	"complete -F _dlfm dlfm\n";

static void print_options(const struct cli_command *c)
{
	const struct cli_option *o;

	printf("\t%s)\n\t\toptions='", c->name);
	for (o = c->options; o && o->name; o++)
		printf("--%s%s ", o->name, o->argument ? "=" : "");
	printf("--help'\n\t\tvalued='");
	for (o = c->options; o && o->name; o++) {
		if (!o->argument)
			continue;
		printf("--%s ", o->name);
		if (o->letter)
			printf("-%c ", o->letter);
	}
	printf("'\n\t\tcommand_at=%d\n\t\t;;\n", completion_command_at(c));
}

static void print_value(const struct cli_command *c, const struct cli_option *o)
{
	const struct cli_choice *choice;
	enum completion_kind kind = completion_of(o);

	if (kind == COMPLETE_WORD)
		return;
	printf("\t'%s --%s'", c->name, o->name);
	if (o->letter)
		printf(" | '%s -%c'", c->name, o->letter);
	if (kind != COMPLETE_CHOICE) {
		printf(") _dlfm_files -%c ;;\n", kind == COMPLETE_FILE ? 'f' : 'd');
		return;
	}
	printf(") _dlfm_words '");
	for (choice = o->choices; choice->name; choice++)
		printf("%s%s", choice == o->choices ? "" : " ", choice->name);
	puts("' ;;");
}

void completion_bash(void)
{
	const struct cli_command *const *c;
	const struct cli_option *o;

	fputs(head, stdout);
	for (c = cli_commands; *c; c++)
		if (!(*c)->is_hidden)
			print_options(*c);
	fputs(values, stdout);
	for (c = cli_commands; *c; c++)
		for (o = (*c)->options; o && o->name; o++)
			print_value(*c, o);
	fputs(body, stdout);
	printf("_dlfm_subcommands='");
	for (c = cli_commands; *c; c++)
		if (!(*c)->is_hidden)
			printf("%s%s", c == cli_commands ? "" : " ", (*c)->name);
	puts("'");
}
