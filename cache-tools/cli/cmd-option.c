/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm option: checks a job option for the parts that are not written in C (the PBS hook). */
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/job-option.h"

enum { TEXT_MAX = 2 * PATH_MAX + 256 };

static int as_json;

static const struct cli_option options[] = {
	{0, "json", NULL, "print {valid, option} or {valid, message}", CLI_FLAG, &as_json, NULL},
	{.name = NULL},
};

static int print_json(int valid, const char *key, const char *text)
{
	struct json_object *o = cli_json("option", 1);

	json_object_object_add(o, "valid", json_object_new_boolean(valid));
	json_object_object_add(o, key, json_object_new_string(text));
	return cli_json_print(o);
}

static int run(int argc, char **argv)
{
	struct dlfm_job_option o;
	struct dlfm_error e;
	char text[TEXT_MAX];
	int status;

	(void)argc;
	if (dlfm_job_option_parse(&o, argv[0], &e) == -1) {
		status = as_json ? print_json(0, "message", e.text) : cli_fail(&e);
		return status != 0 ? status : DLFM_EXIT_OWN;
	}
	if (dlfm_job_option_format(&o, text, sizeof(text)) == -1) {
		dlfm_errf(&e, "the option is too long: shorten the name of the cache");
		return cli_fail(&e);
	}
	if (as_json)
		return print_json(1, "option", text);
	puts(text);
	return cli_finish(0);
}

const struct cli_command cmd_option = {
	.name = "option",
	.arguments = "TEXT",
	.summary = "Checks an option as written after srun --dlfm= or qsub -l dlfm=.",
	.notes = "Prints it in full, or says what is wrong with it.\n",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
