/* SPDX-License-Identifier: BSD-3-Clause */
/* Running make(1): in a process group of its own, its output read line by line, stopped with
 * everything it started. */
#ifndef PYNAMIC_CHILD_H
#define PYNAMIC_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#include "cache-tools/error.h"

/*
 * Runs argv (found on PATH) in a directory, without the variables of a make around us. Each line of
 * its standard output goes to `line` (without the newline; may be NULL). A SIGINT, SIGTERM or
 * SIGHUP to us goes on to its process group. Returns its wait status; -1 with a text if it could
 * not be run; *signal_got is the signal that came, or 0.
 */
int pyn_child_run(char *const argv[], int dirfd, void (*line)(const char *text, void *arg),
		  void *arg, int *signal_got, struct dlfm_error *e);

#endif
