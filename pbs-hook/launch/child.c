/* SPDX-License-Identifier: BSD-3-Clause */
/* Helper programs of the launcher: no shell, no input, a time limit, the end of their output kept
 * for the message. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pbs-hook/launch/launch.h"

enum { AT_ONCE = 32, TIMED_OUT = 124 };

void command_add(struct command *c, const char *name, const char *value)
{
	char *at = c->text + c->used;
	size_t left = sizeof(c->text) - c->used;
	int n = snprintf(at, left, "%s%s", name, value);

	if (n < 0 || (size_t)n >= left || c->n + 1 >= sizeof(c->argv) / sizeof(c->argv[0])) {
		c->used = sizeof(c->text);
		return;
	}
	c->argv[c->n++] = at;
	c->used += (size_t)n + 1;
}

static int is_whole(const struct command *c)
{
	return c->used < sizeof(c->text);
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

/* In the child: a process group of its own, so that all of it can be killed. Without `out` only errors are shown. */
static void become(char *const argv[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	dup2(null, STDIN_FILENO);
	dup2(out != -1 ? out : null, STDOUT_FILENO);
	if (out != -1)
		dup2(out, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(errno == ENOENT ? DLFM_EXIT_NOT_FOUND : DLFM_EXIT_CANNOT_RUN);
}

static pid_t start(char *const argv[], int out)
{
	pid_t pid = fork();

	if (pid == 0)
		become(argv, out);
	if (pid > 0)
		setpgid(pid, pid);
	return pid;
}

/* Keeps the last `size` - 1 bytes. */
static void keep(char *output, size_t size, const char *data, size_t n)
{
	size_t have = strlen(output);

	if (n >= size) {
		data += n - (size - 1);
		n = size - 1;
	}
	if (have + n > size - 1) {
		size_t drop = have + n - (size - 1);

		memmove(output, output + drop, have - drop + 1);
		have -= drop;
	}
	memcpy(output + have, data, n);
	output[have + n] = '\0';
}

/* Reads until the other side closes or the time is up; 0 or -1 for the latter. */
static int drain(int fd, long end, char *output, size_t size)
{
	char data[4096];

	for (;;) {
		long left = end - now_ms();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (left <= 0)
			return -1;
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(fd, data, sizeof(data));
		if (n == 0 || (n == -1 && errno != EINTR))
			return 0;
		if (n > 0)
			keep(output, size, data, (size_t)n);
	}
}

static int status_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Waits for one child until `end`, then kills its group. */
static int await(pid_t pid, long end)
{
	static const struct timespec pause = {.tv_nsec = 5000000};
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() >= end) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return TIMED_OUT;
		}
		nanosleep(&pause, NULL);
	}
	return status_code(status);
}

int child_run(const struct command *c, unsigned seconds, char *output, size_t size,
	      struct dlfm_error *e)
{
	long end = now_ms() + seconds * 1000L;
	int out[2];
	pid_t pid;

	output[0] = '\0';
	if (!is_whole(c))
		return dlfm_errf(e, "the command line of %s is too long: shorten the names",
				 c->argv[0]);
	if (pipe2(out, O_CLOEXEC) == -1)
		return dlfm_errnof(e, "cannot start %s", c->argv[0]);
	pid = start(c->argv, out[1]);
	close(out[1]);
	if (pid == -1) {
		close(out[0]);
		return dlfm_errnof(e, "cannot start %s", c->argv[0]);
	}
	if (drain(out[0], end, output, size) == -1)
		end = 0;
	close(out[0]);
	return await(pid, end);
}

size_t child_run_nodes(struct command *c, size_t place, char *const *names, size_t n,
		       unsigned seconds, size_t *failed)
{
	long end = now_ms() + seconds * 1000L;
	pid_t *pids = calloc(n, sizeof(*pids));
	size_t bad = 0;

	*failed = 0;
	if (pids == NULL || !is_whole(c)) {
		free(pids);
		return n;
	}
	for (size_t i = 0; i < n + AT_ONCE; i++) {
		if (i >= AT_ONCE && i - AT_ONCE < n) {
			pid_t pid = pids[i - AT_ONCE];

			if ((pid <= 0 || await(pid, end) != 0) && bad++ == 0)
				*failed = i - AT_ONCE;
		}
		if (i < n) {
			c->argv[place] = names[i];
			pids[i] = start(c->argv, -1);
		}
	}
	free(pids);
	return bad;
}
