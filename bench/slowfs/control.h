/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of a state file from outside: --counts and --reset. Return exit statuses. */
#ifndef SLOWFS_CONTROL_H
#define SLOWFS_CONTROL_H

int slowfs_print_counts(const char *state_file, int json);
int slowfs_reset_counts(const char *state_file);

#endif
