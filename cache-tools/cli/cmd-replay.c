/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm replay: stages a cache on this node and runs a command on it. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/child.h"
#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/staging.h"
#include "cache-tools/environ.h"
#include "cache-tools/learn.h"
#include "cache-tools/report.h"
#include "libdlfm/environment.h"

static struct cli_staging staging;
static int layers = DLFM_USE_BOTH, require, want_report, want_learning, as_json;
static const char *report_file;
static uint64_t report_lines = 10;

static const struct cli_choice layers_choices[] = {
	{"dl+fm", DLFM_USE_BOTH},
	{"dl", DLFM_USE_DL},
	{"fm", DLFM_USE_FM},
	{NULL, 0},
};

static const struct cli_option options[] = {
	{.name = "require",
	 .help = "do not run the command if the cache cannot be used (default: run it without "
		 "DLFM)",
	 .kind = CLI_FLAG,
	 .value = &require},
	{.letter = 'r',
	 .name = "report",
	 .help = "tell at the end what was answered from memory and what was not",
	 .kind = CLI_FLAG,
	 .value = &want_report},
	{.name = "report-file",
	 .argument = "FILE",
	 .help = "write the report there (default: standard error)",
	 .kind = CLI_TEXT,
	 .value = &report_file},
	{.name = "report-lines",
	 .argument = "N",
	 .help = "list at most so many paths that went to the file system (default: 10)",
	 .kind = CLI_NUMBER,
	 .value = &report_lines},
	{.name = "learn",
	 .help = "add what the file system had to answer to the cache, at the end",
	 .kind = CLI_FLAG,
	 .value = &want_learning},
	{.name = "json", .help = "the report as JSON", .kind = CLI_FLAG, .value = &as_json},
	{.name = "layers",
	 .argument = "dl|fm|dl+fm",
	 .help = "answer shared libraries only, files only, or both (default)",
	 .kind = CLI_CHOICE,
	 .value = &layers,
	 .choices = layers_choices},
	CLI_STAGING_OPTIONS(staging),
	{.letter = 'q', .name = "quiet", .help = "say nothing but errors", .value = &cli_quiet},
	{.name = NULL},
};

/* One replay: what was set up and must be taken down. */
struct replay {
	char key[DLFM_LEASE_KEY_MAX + 1];
	char image[PATH_MAX], journal[PATH_MAX], lib[PATH_MAX + 8];
	const char **dirs;
	struct dlfm_environ env;
};

static int compose(struct replay *r, struct dlfm_error *e)
{
	struct dlfm_env_ops ops = dlfm_environ_ops(&r->env);
	struct dlfm_task_env t = {
		.lib = r->lib,
		.image = r->image,
		.journal = *r->journal ? r->journal : NULL,
		.static_tls = dlfm_image_static_tls(r->image),
	};

	snprintf(r->lib, sizeof(r->lib), "%s/lib", r->image);
	t.layers = layers & dlfm_layers_in(r->lib);
	return dlfm_task_env_compose(&t, &ops, e);
}

static int set_up(struct replay *r, const char *cache, struct dlfm_error *e)
{
	dlfm_lease_own_key(r->key);
	r->dirs = cli_dirs(&staging.dirs);
	if (dlfm_environ_copy(&r->env) < 0)
		return dlfm_errf(e, "no memory");
	if (cli_stage(&staging, cache, r->key, r->image, e) < 0)
		return -1;
	if ((want_report || want_learning) &&
	    dlfm_journal_directory(r->dirs, r->key, r->journal, e) < 0)
		return -1;
	return compose(r, e);
}

static void take_down(struct replay *r)
{
	struct dlfm_error e;

	/* Nothing staged, nothing leased: what was in the way of staging would be in the way again. */
	if (r->image[0] && dlfm_lease_release(r->dirs, r->key, &e) < 0)
		cli_say("%s", e.text);
	dlfm_environ_free(&r->env);
	free(r->dirs);
}

static void report(struct replay *r)
{
	struct dlfm_report *counts;
	struct dlfm_error e;

	if (!want_report)
		return;
	counts = dlfm_report_read(r->journal, &e);
	if (!counts || dlfm_report_write(counts, report_file, as_json, report_lines, &e) < 0)
		cli_say("%s", e.text);
	dlfm_report_free(counts);
}

static void learn(struct replay *r, const char *cache)
{
	const char *journal = r->journal;
	struct dlfm_error e;

	if (want_learning && dlfm_learn(cache, &journal, 1, &e) < 0)
		cli_say("nothing was learnt: %s", e.text);
}

/* The command as it would run without us. */
static int run_plain(char **argv)
{
	struct dlfm_error e;
	int status = dlfm_become(argv, NULL, &e);

	cli_fail(&e);
	return status;
}

static int is_disabled(void)
{
	const char *value = getenv(DLFM_ENV_DISABLE);

	return value && *value && strcmp(value, "0") != 0;
}

/* Options may stand behind the cache as well: moves *argv to the command. 1: --help was answered. */
static int find_command(int *argc, char ***argv, struct dlfm_error *e)
{
	int first, rc = cli_parse(&cmd_replay, *argc, *argv, &first, e);

	if (rc != 0)
		return rc;
	if (first >= *argc)
		return dlfm_errf(e, "replay: a command is missing; see dlfm replay --help");
	*argc -= first;
	*argv += first;
	return 0;
}

static int run(int argc, char **argv)
{
	struct replay r = {.dirs = NULL};
	const char *cache = argv[0];
	struct dlfm_error e;
	int status, wait_status;

	status = find_command(&argc, &argv, &e);
	if (status != 0)
		return status < 0 ? cli_fail(&e) : 0;
	want_report |= report_file != NULL || as_json;
	if (is_disabled())
		return run_plain(argv);
	status = set_up(&r, cache, &e);
	if (status < 0 || cli_interrupted()) {
		take_down(&r);
		cli_end_if_interrupted();
		if (require)
			return cli_fail(&e);
		cli_say("%s; running without DLFM", e.text);
		return run_plain(argv);
	}
	wait_status = dlfm_run_child(argv, r.env.strings, &status, &e);
	report(&r);
	learn(&r, cache);
	take_down(&r);
	if (wait_status >= 0)
		dlfm_end_like_child(wait_status);
	cli_fail(&e);
	return status;
}

const struct cli_command cmd_replay = {
	.name = "replay",
	.arguments = "CACHE [--] COMMAND [ARGUMENT...]",
	.summary = "Runs a command whose recorded lookups are answered from node memory.",
	.notes = "The cache is staged on this node, unless it is there already, and removed when "
		 "its last user ends. If it cannot be used, the command runs without DLFM, and a "
		 "message says why.\n"
		 "The exit status is the command's; 125 if DLFM itself failed, 126 if the command "
		 "cannot be run, 127 if it was not found.",
	.options = options,
	.min_args = 2,
	.max_args = -1,
	.is_launcher = 1,
	.run = run,
};
