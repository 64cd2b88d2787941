/* SPDX-License-Identifier: BSD-3-Clause */
/* What recording and replaying share: messages, this process's environment, the list of staging directories. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbs-hook/launch/launch.h"

enum { MAX_DIRS = 16 };

void launch_say(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "dlfm: %s\n", text);
}

const char *launch_helper(const char *name)
{
	static char path[PATH_MAX + NAME_MAX];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		slash = stpcpy(path, DLFM_HELPERDIR);
	snprintf(slash, sizeof(path) - (size_t)(slash - path), "/%s", name);
	return path;
}

static const char *get(void *arg, const char *name)
{
	(void)arg;
	return getenv(name);
}

static int set(void *arg, const char *name, const char *value)
{
	(void)arg;
	return value != NULL ? setenv(name, value, 1) : unsetenv(name);
}

struct dlfm_env_ops launch_environment(void)
{
	return (struct dlfm_env_ops){get, set, NULL};
}

const char *const *launch_dirs(const struct launch *l)
{
	static const char *list[MAX_DIRS + 1];
	size_t n = 0;
	char *copy = l->dirs != NULL ? strdup(l->dirs) : NULL, *state = NULL;

	if (copy == NULL)
		return NULL;
	for (char *d = strtok_r(copy, ":", &state); d != NULL && n < MAX_DIRS;
	     d = strtok_r(NULL, ":", &state))
		list[n++] = d;
	list[n] = NULL;
	return list;
}

const char *launch_last_line(char *output)
{
	const char *last = "", *own = NULL;
	char *state = NULL;

	for (char *line = strtok_r(output, "\r\n", &state); line != NULL;
	     line = strtok_r(NULL, "\r\n", &state)) {
		last = line;
		if (strncmp(line, "dlfm: ", 6) == 0)
			own = line + 6;
	}
	return own != NULL ? own : last;
}
