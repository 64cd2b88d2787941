/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of the environment variables by which a launcher speaks to the injected objects. */
#ifndef DLFM_ENVIRONMENT_H
#define DLFM_ENVIRONMENT_H

/* Absolute path of the node image: replay. */
#define DLFM_ENV_IMAGE "DLFM_IMAGE"
/* Absolute path of the journal directory: record; with DLFM_IMAGE: report and learning. */
#define DLFM_ENV_JOURNAL "DLFM_JOURNAL"
/* Non-empty and not "0": both objects stand aside at once. */
#define DLFM_ENV_DISABLE "DLFM_DISABLE"
/* For diagnosis only: a number (0: quiet) and a file to which the injected objects append lines. */
#define DLFM_ENV_DEBUG "DLFM_DEBUG"
#define DLFM_ENV_LOG   "DLFM_LOG"
/* For the dlfm command, which runs without the above: the image of the replay in which it was started. */
#define DLFM_ENV_WITHIN "DLFM_WITHIN"
/* The option's twin for srun, sbatch, salloc and qsub users: DLFM=replay:FILE */
#define DLFM_ENV_OPTION "DLFM"

#endif
