/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a replaying job: what all its nodes answered from memory. */
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

int report_job(const struct launch *l, struct dlfm_error *e)
{
	const struct dlfm_env_ops ops = launch_environment();
	const char *from = getenv("PBS_O_WORKDIR");
	char here[PATH_MAX], gathered[PATH_MAX], beside[PATH_MAX];
	struct launch self = *l;
	int rc = 0;

	/* The cache's directory may be closed to its users. */
	snprintf(beside, sizeof(beside), "%s/dlfm.%s", from != NULL ? from : ".", l->job);
	if (dlfm_task_env_remove(&ops, e) == -1 ||
	    dlfm_journal_directory(launch_dirs(l), l->job, here, e) == -1 ||
	    journals_gather(l, beside, gathered, e) == -1)
		return -1;
	if (gathered[0] != '\0') {
		self.collect = gathered;
		rc = journals_collect(&self, e);
	}
	if (rc == 0)
		rc = write_report(l, gathered[0] != '\0' ? gathered : here, e);
	journals_remove(gathered);
	return rc;
}
