/* SPDX-License-Identifier: BSD-3-Clause */
/* An environment that is changed before a command gets it, beside the process's own. */
#ifndef DLFM_ENVIRON_H
#define DLFM_ENVIRON_H

#include <stddef.h>

#include "cache-tools/task-env.h"

struct dlfm_environ {
	char **strings; /* NULL-terminated, as execve(2) wants it */
	size_t n, room;
};

/* A copy of this process's environment. -1: no memory. */
int dlfm_environ_copy(struct dlfm_environ *env);
void dlfm_environ_free(struct dlfm_environ *env);
/* How dlfm_task_env_compose() and _remove() read and change it. */
struct dlfm_env_ops dlfm_environ_ops(struct dlfm_environ *env);

#endif
