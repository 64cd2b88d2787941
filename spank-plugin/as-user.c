/* SPDX-License-Identifier: BSD-3-Clause */
/* Becoming the user, for good, in a child. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spank-plugin/as-user.h"

enum { FIRST_TICK_NS = 500000, LAST_TICK_NS = 20000000 };

/* From here to exec only what is safe in the child of a process with threads: raw system calls where libc would
 * tell the other threads. */
static int become(const struct as_user *user)
{
	return syscall(SYS_setgroups, user->n_groups, user->groups) == 0 &&
			       syscall(SYS_setresgid, user->gid, user->gid, user->gid) == 0 &&
			       syscall(SYS_setresuid, user->uid, user->uid, user->uid) == 0
		       ? 0
		       : -1;
}

static void close_all_above(int first)
{
	struct rlimit limit;
	rlim_t fd, end = 65536;

#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end)
		end = limit.rlim_cur;
	for (fd = first; fd < end; fd++)
		close(fd);
}

static void forget_signals(void)
{
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int prepare(const struct as_user *user)
{
	int null;

	setsid();
	forget_signals();
	/* A job that is being ended sends SIGTERM first: what is collected then is just what is wanted. */
	signal(SIGTERM, SIG_IGN);
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -1;
	close_all_above(3);
	return chdir("/") == 0 ? become(user) : -1;
}

static int wait_for(pid_t pid, unsigned timeout)
{
	struct timespec tick = {.tv_nsec = FIRST_TICK_NS}, start, now;
	int status;
	pid_t got;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		got = waitpid(pid, &status, WNOHANG);
		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if (got < 0 && errno != EINTR)
			return -1;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - start.tv_sec > (time_t)timeout)
			break;
		nanosleep(&tick, NULL);
		if (tick.tv_nsec < LAST_TICK_NS)
			tick.tv_nsec *= 2;
	}
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

int as_user_run(const struct as_user *user, const char *const argv[], unsigned timeout)
{
	static const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	pid_t pid = fork();

	if (pid == 0) {
		if (prepare(user) == 0)
			execve(argv[0], (char *const *)argv, (char *const *)environment);
		_exit(127);
	}
	return pid < 0 ? -1 : wait_for(pid, timeout);
}

int as_user_call(const struct as_user *user, int (*function)(void *arg), void *arg,
		 unsigned timeout)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(prepare(user) == 0 ? function(arg) : 127);
	return pid < 0 ? -1 : wait_for(pid, timeout);
}
