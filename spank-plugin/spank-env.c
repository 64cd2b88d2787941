/* SPDX-License-Identifier: BSD-3-Clause */
/* The task's environment: spank_getenv() copies into a buffer whose size one would have to guess, so it is searched. */
#include "config.h"

#include <string.h>

#include "spank-plugin/spank-env.h"

const char *spank_env_get(spank_t sp, const char *name)
{
	size_t length = strlen(name);
	char **env = NULL;

	if (spank_get_item(sp, S_JOB_ENV, &env) != ESPANK_SUCCESS || !env)
		return NULL;
	for (; *env; env++)
		if (strncmp(*env, name, length) == 0 && (*env)[length] == '=')
			return *env + length + 1;
	return NULL;
}

static const char *get(void *arg, const char *name)
{
	return spank_env_get(arg, name);
}

static int set(void *arg, const char *name, const char *value)
{
	if (value)
		return spank_setenv(arg, name, value, 1) == ESPANK_SUCCESS ? 0 : -1;
	spank_unsetenv(arg, name);
	return 0;
}

struct dlfm_env_ops spank_env_ops(spank_t sp)
{
	return (struct dlfm_env_ops){.get = get, .set = set, .arg = sp};
}
