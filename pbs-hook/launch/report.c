/* SPDX-License-Identifier: BSD-3-Clause */
/* After a replay: the report of what all nodes answered from memory, and learning what they did not. */
#include <stdio.h>
#include <stdlib.h>

#include "cache-tools/report.h"
#include "cache-tools/stage.h"
#include "pbs-hook/launch/launch.h"

enum { LINES = 10 };

static int write_report(const struct launch *l, const char *directory, struct dlfm_error *e)
{
	const char *file = l->option.report_file[0] != '\0' ? l->option.report_file : NULL;
	struct dlfm_report *r = dlfm_report_read(directory, e);
	int rc = r != NULL ? dlfm_report_write(r, file, 0, LINES, e) : -1;

	dlfm_report_free(r);
	return rc;
}

static int learn(const struct launch *l, const char *directory, struct dlfm_error *e)
{
	struct command c = {0};
	char output[4096];
	int rc;

	command_add(&c, l->dlfm, "");
	command_add(&c, "learn", "");
	command_add(&c, "--quiet", "");
	command_add(&c, l->option.file, "");
	command_add(&c, directory, "");
	rc = child_run(&c, l->timeout, output, sizeof(output), e);
	if (rc > 0)
		return dlfm_errf(e, "nothing was learnt: %s",
				 rc == 124 ? "dlfm learn took too long" : launch_last_line(output));
	return rc;
}

/* This node's journals, and copies of the other nodes' if there are any, in one directory. */
static int gather_all(const struct launch *l, char here[PATH_MAX], char gathered[PATH_MAX],
		      struct dlfm_error *e)
{
	const char *from = getenv("PBS_O_WORKDIR");
	struct launch self = *l;
	char beside[PATH_MAX];

	/* The cache's directory may be closed to its users. */
	snprintf(beside, sizeof(beside), "%s/dlfm.%s", from != NULL ? from : ".", l->job);
	if (dlfm_journal_directory(launch_dirs(l), l->job, here, e) == -1 ||
	    journals_gather(l, beside, gathered, e) == -1)
		return -1;
	self.collect = gathered;
	return gathered[0] != '\0' ? journals_collect(&self, e) : 0;
}

void replay_end(const struct launch *l)
{
	const struct dlfm_env_ops ops = launch_environment();
	char here[PATH_MAX], gathered[PATH_MAX] = "";
	struct dlfm_error e;
	const char *all;

	if (dlfm_task_env_remove(&ops, &e) == -1 || gather_all(l, here, gathered, &e) == -1) {
		launch_say("%s", e.text);
		return;
	}
	all = gathered[0] != '\0' ? gathered : here;
	if (l->option.report && write_report(l, all, &e) == -1)
		launch_say("no report: %s", e.text);
	if (l->option.learn && learn(l, all, &e) == -1)
		launch_say("%s", e.text);
	journals_remove(gathered);
}
