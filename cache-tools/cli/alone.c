/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm inside a job that is recorded or replayed: it must see the file system itself. */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "cache-tools/cli/cli.h"
#include "cache-tools/environ.h"
#include "libdlfm/environment.h"

static int is_composed(void)
{
	return getenv(DLFM_ENV_IMAGE) || getenv(DLFM_ENV_JOURNAL);
}

void cli_stand_alone(char **argv)
{
	const char *image = getenv(DLFM_ENV_IMAGE);
	struct dlfm_environ env;
	struct dlfm_env_ops ops;

	if (!is_composed() || dlfm_environ_copy(&env) < 0)
		return;
	ops = dlfm_environ_ops(&env);
	if (dlfm_task_env_remove(&ops, NULL) == 0 &&
	    (!image || ops.set(ops.arg, DLFM_ENV_WITHIN, image) == 0))
		execve("/proc/self/exe", argv, env.strings);
	dlfm_environ_free(&env); /* and goes on as it is */
}
