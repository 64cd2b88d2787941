/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm doctor: checks this node and this site. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/staging.h"
#include "cache-tools/doctor/doctor.h"

static struct cli_list dirs;
static int as_json;

static const struct cli_option options[] = {
	{.letter = 'd',
	 .name = "dir",
	 .argument = "DIR",
	 .help = "check DIR for staging; may be given several times (default: as the Slurm plugin "
		 "is configured, else /dev/shm, $TMPDIR, /tmp)",
	 .kind = CLI_LIST,
	 .value = &dirs},
	{.letter = 'q',
	 .name = "quiet",
	 .help = "show only what is wrong",
	 .kind = CLI_FLAG,
	 .value = &cli_quiet},
	{.name = "json",
	 .help = "print JSON (schema dlfm.doctor/1)",
	 .kind = CLI_FLAG,
	 .value = &as_json},
	{.name = NULL},
};

static const char *const levels[] = {
	[DOCTOR_OK] = "ok", [DOCTOR_SKIP] = "skip", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "fail"};

static void print_text(const struct doctor *d)
{
	unsigned i;

	for (i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->findings[i];

		if (cli_quiet && f->level < DOCTOR_WARN)
			continue;
		printf("%-4s  %s: %s%s%s\n", levels[f->level], f->what, f->why,
		       f->advice[0] ? "; " : "", f->advice);
	}
	if (d->n_level[DOCTOR_FAIL])
		printf("\n%u of %u checks failed\n", d->n_level[DOCTOR_FAIL], d->n);
}

static int print_json(const struct doctor *d)
{
	struct json_object *o = cli_json("doctor", 1), *list = json_object_new_array(), *one;
	unsigned i;

	json_object_object_add(o, "healthy", json_object_new_boolean(d->n_level[DOCTOR_FAIL] == 0));
	for (i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->findings[i];

		one = json_object_new_object();
		json_object_object_add(one, "level", json_object_new_string(levels[f->level]));
		json_object_object_add(one, "what", json_object_new_string(f->what));
		json_object_object_add(one, "why", json_object_new_string(f->why));
		if (f->advice[0])
			json_object_object_add(one, "advice", json_object_new_string(f->advice));
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "checks", list);
	return cli_json_print(o);
}

static int run(int argc, char **argv)
{
	const char **list = cli_dirs(&dirs);
	struct doctor d = {.cache = argc ? argv[0] : NULL, .dirs = list};
	struct dlfm_error e;
	int rc = 0;

	doctor_check_all(&d);
	if (d.no_memory) {
		dlfm_errf(&e, "no memory for the findings");
		rc = cli_fail(&e);
	} else if (as_json) {
		rc = print_json(&d);
	} else {
		print_text(&d);
	}
	if (rc == 0)
		rc = d.n_level[DOCTOR_FAIL] ? 1 : 0;
	doctor_free(&d);
	free(list);
	return rc;
}

const struct cli_command cmd_doctor = {
	.name = "doctor",
	.arguments = "[CACHE]",
	.summary =
		"Checks what works on this node and this site, and says what to do about the rest.",
	.notes = "With a cache: also whether this node has room for it, and can give its libraries "
		 "what they need.\n"
		 "The exit status is 1 if a check failed, and 0 if there are only warnings.",
	.options = options,
	.min_args = 0,
	.max_args = 1,
	.run = run,
};
