/* SPDX-License-Identifier: BSD-3-Clause */
/* Names beside a recorded cache. */
#include "config.h"

#include <stdio.h>

#include "spank-plugin/recording.h"

int recording_parts(const struct ticket *t, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s.%u.%u.parts", t->option.file, t->job, t->step);

	return n < PATH_MAX ? 0 : -1;
}

int recording_log(const struct ticket *t, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s.log", t->option.file) < PATH_MAX ? 0 : -1;
}
