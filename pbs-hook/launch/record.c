/* SPDX-License-Identifier: BSD-3-Clause */
/* Record: a journal directory on each node of the job, packed into one cache when the job's top task has ended. */
#include "cache-tools/stage.h"
#include "cache-tools/task-env.h"
#include "pbs-hook/launch/launch.h"

int record_environment(const struct launch *l, struct dlfm_error *e)
{
	const struct dlfm_env_ops ops = launch_environment();
	struct dlfm_task_env t = {
		.layers = l->option.layers, .lib = l->libdir, .static_tls = DLFM_RECORD_STATIC_TLS};
	char journal[PATH_MAX];

	if (dlfm_journal_directory(launch_dirs(l), l->job, journal, e) == -1)
		return -1;
	t.journal = journal;
	return dlfm_task_env_compose(&t, &ops, e);
}

static int pack(const struct launch *l, const char *here, const char *gathered,
		struct dlfm_error *e)
{
	struct command c = {0};
	char output[4096];
	int rc;

	command_add(&c, l->dlfm, "");
	command_add(&c, "pack", "");
	command_add(&c, "--quiet", "");
	command_add(&c, "--output=", l->option.file);
	if (l->option.scope != DLFM_SCOPE_DEFAULT)
		command_add(&c, "--scope=", l->option.scope == DLFM_SCOPE_ALL ? "all" : "shared");
	command_add(&c, here, "");
	if (gathered != NULL)
		command_add(&c, gathered, "");
	rc = child_run(&c, l->timeout, output, sizeof(output), e);
	if (rc == -1)
		return -1;
	if (rc != 0)
		return dlfm_errf(e, "no cache was made: %s",
				 rc == 124 ? "dlfm pack took too long" : launch_last_line(output));
	launch_say("recorded in %s", l->option.file);
	return 0;
}

int record_pack(const struct launch *l, struct dlfm_error *e)
{
	const struct dlfm_env_ops ops = launch_environment();
	char here[PATH_MAX], gathered[PATH_MAX];
	int rc;

	/* What runs from here on is not the application. */
	if (dlfm_task_env_remove(&ops, e) == -1 ||
	    dlfm_journal_directory(launch_dirs(l), l->job, here, e) == -1 ||
	    journals_gather(l, l->option.file, gathered, e) == -1)
		return -1;
	rc = pack(l, here, gathered[0] != '\0' ? gathered : NULL, e);
	journals_remove(gathered);
	return rc;
}
