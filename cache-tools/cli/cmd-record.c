/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm record: runs a command, and packs what its processes looked up. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache-tools/cache-write.h"
#include "cache-tools/child.h"
#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/pack-options.h"
#include "cache-tools/environ.h"
#include "cache-tools/stage.h"
#include "libdlfm/environment.h"

enum { MAX_COMMAND_TEXT = 4096 };

static int layers = DLFM_USE_BOTH;
static int keep_journal;

static const struct cli_choice layer_choices[] = {
	{"dl", DLFM_USE_DL},
	{"fm", DLFM_USE_FM},
	{"dl+fm", DLFM_USE_BOTH},
	{NULL, 0},
};

static const struct cli_option options[] = {
	CLI_PACK_OPTIONS,
	{0, "layers", "dl|fm|dl+fm",
	 "what is recorded: what ld.so looks up, the libc calls, or both (the "
	 "default)",
	 CLI_CHOICE, &layers, layer_choices},
	{0, "keep-journal", NULL, "leave the journals, and say where, for dlfm pack", CLI_FLAG,
	 &keep_journal, NULL},
	{0},
};

struct recording {
	char key[DLFM_LEASE_KEY_MAX + 1];
	char journal[PATH_MAX];
	struct dlfm_environ env;
};

/* The command as one text, its arguments quoted for a shell where they need it. */
static char *command_text(int argc, char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int i;

	for (i = 0; f && i < argc; i++) {
		const char *a = argv[i];

		if (i)
			fputc(' ', f);
		if (*a && strspn(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+,-./:=@_") == strlen(a)) {
			fputs(a, f);
			continue;
		}
		fputc('\'', f);
		for (; *a; a++)
			fputs(*a == '\'' ? "'\\''" : (char[]){*a, 0}, f);
		fputc('\'', f);
	}
	if (f)
		fclose(f);
	if (text && size > MAX_COMMAND_TEXT)
		strcpy(text + MAX_COMMAND_TEXT - 4, "...");
	return text;
}

static int is_disabled(void)
{
	const char *text = getenv(DLFM_ENV_DISABLE);

	return text && *text && strcmp(text, "0") != 0;
}

static int check_layers(struct dlfm_error *e)
{
	const char *lib = dlfm_libdir();
	unsigned there = dlfm_layers_in(lib);

	if (((unsigned)layers & ~there) == 0)
		return 0;
	return dlfm_errf(e,
			 "%s/%s is not there: DLFM is not installed as it was configured; "
			 "reinstall it, set DLFM_LIBDIR, or use --layers=%s",
			 lib,
			 (unsigned)layers & ~there & DLFM_USE_DL ? "dlfm-audit.so" : "libdlfm.so",
			 (unsigned)layers & ~there & DLFM_USE_DL ? "fm" : "dl");
}

/* Whatever can go wrong afterwards is found out before the command runs. */
static int check(struct dlfm_error *e)
{
	struct dlfm_policy policy;
	int rc = cli_pack_policy(&policy, e);

	dlfm_policy_free(&policy);
	if (rc < 0 || check_layers(e) < 0)
		return -1;
	return dlfm_writer_check(cli_pack.output, e);
}

static int prepare(struct recording *r, struct dlfm_error *e)
{
	struct dlfm_task_env task = {
		.layers = (unsigned)layers,
		.lib = dlfm_libdir(),
		.journal = r->journal,
		.static_tls = DLFM_RECORD_STATIC_TLS,
	};
	struct dlfm_env_ops ops = dlfm_environ_ops(&r->env);

	if (keep_journal)
		dlfm_lease_left_key(r->key);
	else
		dlfm_lease_own_key(r->key);
	if (dlfm_journal_directory(NULL, r->key, r->journal, e) < 0)
		return dlfm_err_prefix(e, "there is no place for journals");
	if (dlfm_environ_copy(&r->env) < 0)
		return dlfm_errf(e, "no memory");
	return dlfm_task_env_compose(&task, &ops, e);
}

static void clean_up(struct recording *r)
{
	struct dlfm_error e;

	dlfm_environ_free(&r->env);
	if (keep_journal && r->journal[0])
		cli_say("the journals are in %s", r->journal);
	else if (r->journal[0] && dlfm_lease_release(NULL, r->key, &e) < 0)
		cli_say("%s", e.text);
}

/* Packs what the command left. Returns the exit status that counts if the command itself succeeded. */
static int pack(struct recording *r, int argc, char **argv, int wait_status)
{
	const char *dirs[] = {r->journal};
	char *command = command_text(argc, argv);
	struct dlfm_error e;
	int rc = cli_do_pack(dirs, 1, command, wait_status != 0, &e);

	free(command);
	return rc < 0 ? cli_fail(&e) : 0;
}

static int run_plain(char **argv)
{
	struct dlfm_error e;
	int rc;

	if (!cli_pack.quiet)
		cli_say("%s is set: nothing is recorded", DLFM_ENV_DISABLE);
	rc = dlfm_become(argv, NULL, &e);
	cli_fail(&e);
	return rc;
}

static int run(int argc, char **argv)
{
	struct recording r = {.key = ""};
	struct dlfm_error e;
	int status, wait_status = -1, packed = 0;

	if (is_disabled())
		return run_plain(argv);
	status = DLFM_EXIT_OWN;
	if (check(&e) == 0 && prepare(&r, &e) == 0)
		wait_status = dlfm_run_child(argv, r.env.strings, &status, &e);
	if (wait_status < 0) {
		cli_fail(&e);
		clean_up(&r);
		return status;
	}
	cli_keep_signals();
	packed = pack(&r, argc, argv, wait_status);
	clean_up(&r);
	if (wait_status)
		dlfm_end_like_child(wait_status);
	cli_end_if_interrupted();
	return packed;
}

const struct cli_command cmd_record = {
	.name = "record",
	.arguments = "[--] COMMAND [ARGUMENT...]",
	.summary = "Runs a command and packs what its processes looked up into a cache.",
	.notes = "The exit status is the command's; 125 if there is no cache in the end although "
		 "the command "
		 "succeeded, 126 if it cannot be run, 127 if it was not found.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.is_launcher = 1,
	.run = run,
};
