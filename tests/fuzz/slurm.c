/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzing the texts of the Slurm plugin: the ticket in the environment, the arguments in plugstack.conf. */
#include <stdlib.h>
#include <string.h>

#include "spank-plugin/args.h"
#include "spank-plugin/ticket.h"
#include "tests/fuzz/fuzz.h"

static void try_ticket(const char *text)
{
	static struct ticket t, again;
	static char back[TICKET_TEXT_MAX];
	struct dlfm_error e = {""};

	if (ticket_parse(&t, text, &e) < 0) {
		fuzz_check(e.text[0], "a refusal says why");
		return;
	}
	fuzz_check(strlen(t.key) < sizeof(t.key), "the key ends");
	fuzz_check(ticket_format(&t, back) == 0, "a ticket fits");
	fuzz_check(ticket_parse(&again, back, &e) == 0 && again.job == t.job &&
			   again.step == t.step && again.word == t.word &&
			   strcmp(again.key, t.key) == 0,
		   "a ticket is written as it was read");
}

/* One argument a line. */
static void try_arguments(char *text)
{
	static struct plugin_args a;
	char *argv[16], *save = NULL, path[PATH_MAX];
	struct dlfm_error e = {""};
	int argc = 0, i;

	for (text = strtok_r(text, "\n", &save); text && argc < 16;
	     text = strtok_r(NULL, "\n", &save))
		argv[argc++] = text;
	if (plugin_args_parse(&a, argc, argv, &e) < 0)
		fuzz_check(e.text[0], "a refusal says why");
	fuzz_check(a.dirs[0] && a.timeout > 0, "there are always directories and a limit");
	for (i = 0; a.dirs[i]; i++)
		fuzz_check(a.dirs[i][0] == '/', "directories are absolute");
	plugin_path(&a, PLUGIN_DLFM, path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	if (text[0] == 't')
		try_ticket(text + 1);
	else
		try_arguments(text);
	free(text);
	return 0;
}
