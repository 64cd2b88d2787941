/* SPDX-License-Identifier: BSD-3-Clause */
/* A child that has become the user, made by a process that is root: slurmstepd, the epilog, slurmd. */
#ifndef DLFM_SPANK_AS_USER_H
#define DLFM_SPANK_AS_USER_H

#include <sys/types.h>

struct as_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary; may be NULL */
	int n_groups;
};

/*
 * Runs argv[0] (a path) as the user, in a session of its own, in "/", with a minimal environment and /dev/null for its
 * standard files. Waits at most `timeout` seconds, then kills it and all of its group. Returns its exit status, or -1 if it
 * could not be run or did not exit by itself. May be called in a process with threads.
 */
int as_user_run(const struct as_user *user, const char *const argv[], unsigned timeout);

/*
 * The same with a function in the place of a program, which gets `arg` and returns the exit status. Only for processes
 * without threads.
 */
int as_user_call(const struct as_user *user, int (*function)(void *arg), void *arg,
		 unsigned timeout);

#endif
