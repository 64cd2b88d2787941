/* SPDX-License-Identifier: BSD-3-Clause */
/* What is gathered, and the names beside the target. */
#include "config.h"

#include <stdio.h>

#include "spank-plugin/gathering.h"

int gathering_wanted(const struct dlfm_job_option *o)
{
	return o->mode == DLFM_MODE_RECORD || o->report || o->learn;
}

const char *gathering_target(const struct dlfm_job_option *o)
{
	return o->mode == DLFM_MODE_RECORD || o->learn ? o->file : o->report_file;
}

int gathering_parts(const struct ticket *t, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s.%u.%u.parts", gathering_target(&t->option), t->job,
			 t->step);

	return n < PATH_MAX ? 0 : -1;
}

int gathering_log(const struct ticket *t, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s.log", gathering_target(&t->option)) < PATH_MAX ? 0 : -1;
}
