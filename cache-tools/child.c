/* SPDX-License-Identifier: BSD-3-Clause */
/* Running the user's command as a child. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache-tools/child.h"

/* What would end us. (Stopping, continuing and the window's size concern both: the terminal tells
 * both.) */
static const int forwarded[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};
#define N_FORWARDED (sizeof(forwarded) / sizeof(forwarded[0]))

static int not_run(const char *name, int error, struct dlfm_error *e)
{
	errno = error;
	if (error == ENOENT) {
		dlfm_errf(e, "%s: command not found", name);
		return DLFM_EXIT_NOT_FOUND;
	}
	dlfm_errnof(e, "%s: cannot be run", name);
	return DLFM_EXIT_CANNOT_RUN;
}

int dlfm_become(char *const argv[], char *const envp[], struct dlfm_error *e)
{
	execvpe(argv[0], argv, envp ? envp : environ);
	return not_run(argv[0], errno, e);
}

static void in_child(char *const argv[], char *const envp[], const sigset_t *mask, int tell)
{
	int error;

	sigprocmask(SIG_SETMASK, mask, NULL);
	execvpe(argv[0], argv, envp ? envp : environ);
	error = errno;
	_exit(write(tell, &error, sizeof(error)) == sizeof(error) ? DLFM_EXIT_NOT_FOUND
								  : DLFM_EXIT_OWN);
}

/* 0, or the errno of the child's exec; the pipe is closed by a successful one. */
static int exec_error(int fd)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	return n == sizeof(error) ? error : 0;
}

/*
 * Waits for the child and hands signals on. A signal that the terminal sent (SI_KERNEL) has gone to
 * the child as well.
 */
static int wait_for(pid_t pid, const sigset_t *signals)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		if (sigwaitinfo(signals, &info) < 0 || info.si_signo == SIGCHLD)
			continue;
		if (info.si_code != SI_KERNEL)
			kill(pid, info.si_signo);
	}
}

int dlfm_run_child(char *const argv[], char *const envp[], int *status, struct dlfm_error *e)
{
	sigset_t signals, old;
	int tell[2], wait_status, error;
	size_t i;
	pid_t pid;

	*status = DLFM_EXIT_OWN;
	if (pipe2(tell, O_CLOEXEC) < 0)
		return dlfm_errnof(e, "cannot start %s", argv[0]);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	for (i = 0; i < N_FORWARDED; i++)
		sigaddset(&signals, forwarded[i]);
	sigprocmask(SIG_BLOCK, &signals, &old);
	signal(SIGCHLD, SIG_DFL);
	pid = fork();
	if (pid == 0)
		in_child(argv, envp, &old, tell[1]);
	close(tell[1]);
	error = pid < 0 ? errno : exec_error(tell[0]);
	close(tell[0]);
	wait_status = pid < 0 ? 0 : wait_for(pid, &signals);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0) {
		errno = error;
		return dlfm_errnof(e, "cannot start %s", argv[0]);
	}
	if (error) {
		*status = not_run(argv[0], error, e);
		return -1;
	}
	return wait_status;
}

void dlfm_end_like_child(int wait_status)
{
	const struct rlimit none = {0, 0};
	sigset_t set;
	int sig;

	if (WIFSIGNALED(wait_status)) {
		sig = WTERMSIG(wait_status);
		setrlimit(RLIMIT_CORE, &none);
		signal(sig, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, sig);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		raise(sig);
		_exit(128 + sig);
	}
	exit(WEXITSTATUS(wait_status));
}
