/* SPDX-License-Identifier: BSD-3-Clause */
/* Running the user's command as a child, as if it ran in our place. */
#ifndef DLFM_CHILD_H
#define DLFM_CHILD_H

#include "cache-tools/error.h"

/*
 * Runs a command (found by PATH) with this environment (NULL: our own) and waits for it. Signals
 * that would end us go to it, and we live on to clean up. Returns its wait status; or -1 with a
 * text if it could not be started, *status is then the exit status that says so (126, 127, 125).
 */
int dlfm_run_child(char *const argv[], char *const envp[], int *status, struct dlfm_error *e);

/* Ends this process as the child ended: the same exit status, or killed by the same signal (without
 * a core). */
void dlfm_end_like_child(int wait_status) __attribute__((noreturn));

/* Becomes the command. Returns only on failure: the exit status that says so, with a text. */
int dlfm_become(char *const argv[], char *const envp[], struct dlfm_error *e);

#endif
