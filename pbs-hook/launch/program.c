/* SPDX-License-Identifier: BSD-3-Clause */
/* The task's real program: executed in our place, or as our child when something is left to do
 * after it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pbs-hook/launch/launch.h"

static volatile sig_atomic_t child_pid;

int program_exec(const struct launch *l)
{
	const char *path = l->program[0];

	l->program[0] = (char *)l->argv0;
	execvp(path, l->program);
	launch_say("cannot execute %s: %s", path, strerror(errno));
	return errno == ENOENT ? DLFM_EXIT_NOT_FOUND : DLFM_EXIT_CANNOT_RUN;
}

static void pass_on(int sig)
{
	if (child_pid > 0)
		kill(child_pid, sig);
}

/* What a terminal sends reaches the program by itself; what pbs_mom or qsig sends us does not. */
static void set_signals(void)
{
	static const int passed[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT, SIGXCPU};
	static const int ignored[] = {SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE};
	struct sigaction pass = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		sigaction(passed[i], &pass, NULL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		sigaction(ignored[i], &ignore, NULL);
}

int program_run(const struct launch *l)
{
	sigset_t all, before;
	int status;
	pid_t pid;

	/* Blocked over the fork, so that no signal is lost between it and the handler's knowing the
	 * child. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		_exit(program_exec(l));
	}
	if (pid == -1) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		launch_say("cannot fork: %s; nothing is recorded", strerror(errno));
		return program_exec(l);
	}
	child_pid = pid;
	set_signals();
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return DLFM_EXIT_OWN;
	child_pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
