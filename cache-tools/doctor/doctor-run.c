/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a program for its output, for a bounded time. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/doctor/doctor.h"

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

static void become(const char *const argv[], const struct dlfm_environ *env, int out)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execvpe(argv[0], (char *const *)argv, env ? env->strings : environ);
	_exit(errno == ENOENT ? DLFM_EXIT_NOT_FOUND : DLFM_EXIT_CANNOT_RUN);
}

/* Reads until the end, or the deadline. What does not fit is read and forgotten. */
static int read_all(struct doctor_output *o, int fd, long deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t at = 0;
	char rest[512];
	ssize_t n;
	int whole;

	for (;;) {
		if (now_ms() >= deadline)
			return -1;
		if (poll(&p, 1, 100) <= 0)
			continue;
		whole = at + 1 < sizeof(o->text);
		n = whole ? read(fd, o->text + at, sizeof(o->text) - 1 - at)
			  : read(fd, rest, sizeof(rest));
		if (n <= 0)
			return 0;
		at += whole ? (size_t)n : 0;
	}
}

static int wait_for(pid_t pid, long deadline)
{
	const struct timespec step = {.tv_nsec = 5000000};
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() >= deadline) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -1;
		}
		nanosleep(&step, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void doctor_run(struct doctor_output *o, const char *const argv[], const struct dlfm_environ *env)
{
	const long deadline = now_ms() + DOCTOR_SECONDS * 1000L;
	int fds[2], late;
	pid_t pid;

	memset(o, 0, sizeof(*o));
	o->status = DLFM_EXIT_CANNOT_RUN;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0)
		become(argv, env, fds[1]);
	close(fds[1]);
	if (pid > 0) {
		late = read_all(o, fds[0], deadline);
		o->status = wait_for(pid, late < 0 ? 0 : deadline);
	}
	close(fds[0]);
}

const char *doctor_first_line(struct doctor_output *o)
{
	o->text[strcspn(o->text, "\n")] = 0;
	return o->text;
}

int doctor_has_program(const char *name)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];
	size_t len;

	for (; path && *path; path += len + (path[len] == ':')) {
		len = strcspn(path, ":");
		if (len + strlen(name) + 2 > sizeof(file))
			continue;
		memcpy(file, path, len);
		file[len] = '/';
		strcpy(file + len + 1, name);
		if (access(file, X_OK) == 0)
			return 1;
	}
	return 0;
}
