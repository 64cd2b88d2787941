/* SPDX-License-Identifier: BSD-3-Clause */
/* A child process group whose output is read, and that gets our signals. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pynamic/child.h"

static volatile sig_atomic_t got;
static volatile pid_t group;

static void forward(int number)
{
	got = number;
	if (group > 0)
		kill(-group, number == SIGINT ? SIGTERM : number);
}

static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP};

static void catch_signals(struct sigaction *old)
{
	struct sigaction action = {.sa_handler = forward};

	for (unsigned i = 0; i < 3; i++)
		sigaction(forwarded[i], &action, &old[i]);
}

static void restore_signals(const struct sigaction *old)
{
	for (unsigned i = 0; i < 3; i++)
		sigaction(forwarded[i], &old[i], NULL);
}

static void __attribute__((noreturn))
child_exec(char *const argv[], int dirfd, int out, const struct sigaction *old)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	restore_signals(old);
	unsetenv("MAKEFLAGS");
	unsetenv("MFLAGS");
	unsetenv("MAKELEVEL");
	if (fchdir(dirfd) == 0 && dup2(out, STDOUT_FILENO) >= 0)
		execvp(argv[0], argv);
	fprintf(stderr, "pynamic: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void read_lines(int fd, void (*line)(const char *, void *), void *arg)
{
	FILE *f = fdopen(fd, "r");
	char *text = NULL;
	size_t size = 0;
	ssize_t length;

	if (!f) {
		close(fd);
		return;
	}
	for (;;) {
		length = getline(&text, &size, f);
		if (length < 0) {
			if (!ferror(f) || errno != EINTR)
				break;
			clearerr(f);
			continue;
		}
		if (text[length - 1] == '\n')
			text[length - 1] = '\0';
		if (line)
			line(text, arg);
	}
	free(text);
	fclose(f);
}

int pyn_child_run(char *const argv[], int dirfd, void (*line)(const char *, void *), void *arg,
		  int *signal_got, struct dlfm_error *e)
{
	struct sigaction old[3];
	int ends[2], status = -1;
	pid_t pid;

	if (pipe(ends) != 0)
		return dlfm_errnof(e, "cannot make a pipe");
	got = 0;
	group = 0;
	catch_signals(old);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child_exec(argv, dirfd, ends[1], old);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		restore_signals(old);
		return dlfm_errnof(e, "cannot start a process");
	}
	setpgid(pid, pid);
	group = pid;
	if (got)
		forward(got);
	read_lines(ends[0], line, arg);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	group = 0;
	restore_signals(old);
	*signal_got = got;
	return status;
}
