/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dlfm-stage-copy COPY COMMAND [ARGUMENT...]: runs a command that needs the copy of a cache in this node's memory, then
 * removes the copy, however the command has ended. Started on each node by the Slurm plugin where there is no PMIx.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache-tools/error.h"

extern char **environ;

static const char *copy;

static void remove_copy(int sig)
{
	unlink(copy);
	signal(sig, SIG_DFL);
	raise(sig);
}

static int run(char **argv)
{
	int status, rc;
	pid_t pid;

	rc = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	if (rc != 0) {
		fprintf(stderr, "dlfm: cannot run %s: %s\n", argv[0], strerror(rc));
		return DLFM_EXIT_OWN;
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return DLFM_EXIT_OWN;
	return WIFEXITED(status) ? WEXITSTATUS(status) : DLFM_EXIT_OWN;
}

int main(int argc, char **argv)
{
	int rc;

	if (argc < 3) {
		fprintf(stderr,
			"dlfm: dlfm-stage-copy is started by the Slurm plugin, see dlfm.so(8)\n");
		return DLFM_EXIT_OWN;
	}
	copy = argv[1];
	signal(SIGINT, remove_copy);
	signal(SIGTERM, remove_copy);
	rc = run(argv + 2);
	unlink(copy);
	return rc;
}
