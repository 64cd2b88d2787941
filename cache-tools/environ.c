/* SPDX-License-Identifier: BSD-3-Clause */
/* An environment that is changed before a command gets it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/environ.h"

static int add(struct dlfm_environ *env, char *string)
{
	char **more;

	/* analyzer: the string becomes the list's */
	if (!string)
		return -1;
	if (env->n + 1 >= env->room) {
		more = reallocarray(env->strings, env->room * 2 + 64, sizeof(*more));
		if (!more) {
			free(string);
			return -1;
		}
		env->strings = more;
		env->room = env->room * 2 + 64;
	}
	env->strings[env->n++] = string;
	env->strings[env->n] = NULL;
	return 0;
}

int dlfm_environ_copy(struct dlfm_environ *env)
{
	char **from;

	memset(env, 0, sizeof(*env));
	for (from = environ; from && *from; from++) {
		if (add(env, strdup(*from)) < 0) {
			dlfm_environ_free(env);
			return -1;
		}
	}
	return 0;
}

void dlfm_environ_free(struct dlfm_environ *env)
{
	size_t i;

	for (i = 0; i < env->n; i++)
		free(env->strings[i]);
	free(env->strings);
	memset(env, 0, sizeof(*env));
}

/* The index of a variable, n if it is not there. */
static size_t find(const struct dlfm_environ *env, const char *name)
{
	size_t len = strlen(name), i;

	for (i = 0; i < env->n; i++)
		if (strncmp(env->strings[i], name, len) == 0 && env->strings[i][len] == '=')
			break;
	return i;
}

static const char *get(void *arg, const char *name)
{
	const struct dlfm_environ *env = arg;
	size_t i = find(env, name);

	return i < env->n ? env->strings[i] + strlen(name) + 1 : NULL;
}

static void take_out(struct dlfm_environ *env, size_t i)
{
	free(env->strings[i]);
	env->strings[i] = env->strings[--env->n];
	env->strings[env->n] = NULL;
}

static int set(void *arg, const char *name, const char *value)
{
	struct dlfm_environ *env = arg;
	size_t i = find(env, name);
	char *string;

	if (!value) {
		if (i < env->n)
			take_out(env, i);
		return 0;
	}
	if (asprintf(&string, "%s=%s", name, value) < 0)
		return -1;
	if (i == env->n)
		return add(env, string);
	free(env->strings[i]);
	env->strings[i] = string;
	return 0;
}

struct dlfm_env_ops dlfm_environ_ops(struct dlfm_environ *env)
{
	return (struct dlfm_env_ops){get, set, env};
}
