/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment of the task that is to be, in slurmstepd. */
#ifndef DLFM_SPANK_ENV_H
#define DLFM_SPANK_ENV_H

#include <slurm/spank.h>

#include "cache-tools/task-env.h"

/* The value of a variable, NULL if it is unset. Valid until the environment is changed. */
const char *spank_env_get(spank_t sp, const char *name);
/* The same, and changes, for dlfm_task_env_compose(); `arg` is the spank_t. */
struct dlfm_env_ops spank_env_ops(spank_t sp);

#endif
