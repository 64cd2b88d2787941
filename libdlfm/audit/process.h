/* SPDX-License-Identifier: BSD-3-Clause */
/* What the auditor knows of its process without libc: environment, auxiliary vector, executable. */
#ifndef DLFM_AUDIT_PROCESS_H
#define DLFM_AUDIT_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "libdlfm/fingerprint.h"

/*
 * May this process be helped? 0 if it runs with raised privileges (AT_SECURE, see getauxval(3)), if
 * DLFM_DISABLE says no, or if the environment cannot be told. To be asked first.
 */
int audit_process_allowed(void);

/* Value of an environment variable, as it was when the process started; NULL if unset. */
const char *audit_getenv(const char *name);

/* This node's hwcaps level is known: to be said before the first audit_search_env(). */
void audit_know_hwcaps(uint64_t level);
/* The search environment of this process (static; the strings live as long as the process). */
const struct dlfm_search_env *audit_search_env(void);

#endif
