/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a program, bounded, with its output captured. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spank-plugin/command.h"
#include "spank-plugin/interrupt.h"

enum { TICK_MS = 20, END_TICK_MS = 2, GRACE_MS = 2000, LINGER_MS = 3000 };

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

/*
 * srun blocks its signals and waits for them in a thread; its children must have them as usual. What is ignored
 * stays so: nohup(1), and SIGTERM when journals are packed.
 */
static int start(pid_t *pid, int out, const char *const argv[], const char *const envp[])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, 1);
	posix_spawn_file_actions_adddup2(&files, out, 2);
#ifdef HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
	/* Such as the pipe by whose end srun's shepherd sees that srun has died. */
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
#endif
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawn(pid, argv[0], &files, &attributes, (char *const *)argv,
			 (char *const *)envp);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

/* Takes what there is; when the buffer is full its first half goes. Returns 0 at the end of the output. */
static int take_output(struct command_result *r, size_t *length, int fd)
{
	ssize_t n;

	if (*length > sizeof(r->output) - 512) {
		memmove(r->output, r->output + sizeof(r->output) / 2,
			*length - sizeof(r->output) / 2);
		*length -= sizeof(r->output) / 2;
	}
	n = read(fd, r->output + *length, sizeof(r->output) - 1 - *length);
	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	*length += n;
	r->output[*length] = '\0';
	return 1;
}

/* Stops the program in steps: as Ctrl-C does, as a resource manager does, for good. */
static void stop(pid_t pid, int *stage, long *deadline)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGKILL};

	if (*stage < 3)
		kill(pid, signals[(*stage)++]);
	*deadline = now_ms() + GRACE_MS;
}

/* Has a whole line come that begins with one of them? */
static int has_line(const char *output, const char *const *beginnings)
{
	const char *const *b;
	const char *line;

	for (line = output; strchr(line, '\n'); line = strchr(line, '\n') + 1)
		for (b = beginnings; *b; b++)
			if (strncmp(line, *b, strlen(*b)) == 0)
				return 1;
	return 0;
}

/* What srun says of a signal that it got, on which it ends its step and exits in one of several ways. */
static int was_signalled(const char *output)
{
	return strstr(output, "srun: sending Ctrl-C to ") ||
	       strstr(output, "srun: forcing job termination");
}

static void set_end(struct command_result *r, int status, enum command_end stopped)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	r->status = signal ? signal : WEXITSTATUS(status);
	r->end = signal ? COMMAND_KILLED : COMMAND_EXITED;
	if (!signal && r->status > 128)
		signal = r->status - 128;
	if (signal == SIGINT || signal == SIGTERM || signal == SIGHUP ||
	    (r->status && was_signalled(r->output)))
		r->end = COMMAND_INTERRUPTED;
	if (interrupt_came())
		r->end = COMMAND_INTERRUPTED;
	else if (stopped)
		r->end = stopped;
}

/* Reads and waits until the program has ended. Nothing else in the process waits for this pid. */
static void follow(struct command_result *r, pid_t pid, int fd, unsigned timeout,
		   const char *const *last_words)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	long deadline = now_ms() + timeout * 1000L;
	int status = 0, stage = 0, said = 0;
	size_t length = 0;
	pid_t got;

	for (;;) {
		got = waitpid(pid, &status, WNOHANG);
		if (got == pid || (got < 0 && errno != EINTR))
			break;
		if (now_ms() > deadline || (interrupt_came() && stage == 0))
			stop(pid, &stage, &deadline);
		if (poll(&p, 1, p.fd < 0 ? END_TICK_MS : TICK_MS) > 0 &&
		    !take_output(r, &length, fd))
			p.fd = -1; /* closed: it is about to end */
		if (last_words && !said && stage == 0 && has_line(r->output, last_words)) {
			said = 1;
			deadline = now_ms() + LINGER_MS;
		}
	}
	while (p.fd >= 0 && poll(&p, 1, 0) > 0 && take_output(r, &length, fd))
		;
	set_end(r, status, stage == 0 ? 0 : said ? COMMAND_LINGERED : COMMAND_TIMEOUT);
}

int command_run(struct command_result *r, const char *const argv[], const char *const envp[],
		unsigned timeout, const char *const *last_words, struct dlfm_error *e)
{
	int fds[2], rc;
	pid_t pid;

	*r = (struct command_result){0};
	if (pipe2(fds, O_CLOEXEC) < 0)
		return dlfm_errnof(e, "cannot make a pipe");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	rc = start(&pid, fds[1], argv, envp);
	close(fds[1]);
	if (rc == 0) {
		follow(r, pid, fds[0], timeout, last_words);
	} else {
		errno = rc;
		dlfm_errnof(e, "cannot run %s", argv[0]);
	}
	close(fds[0]);
	return rc ? -1 : 0;
}

static int rank_of(const char *line)
{
	if (strncmp(line, "dlfm: ", 6) == 0)
		return 4;
	if (strstr(line, "error: execve()"))
		return 3; /* slurmstepd, of a program that is not installed */
	if (strncmp(line, "srun: error: ", 13) == 0 || strncmp(line, "sbcast: error: ", 15) == 0)
		return 2;
	return line[0] ? 1 : 0;
}

const char *command_gist(struct command_result *r, int *ours)
{
	static const char *const prefixes[] = {"dlfm: ", "srun: error: ", "sbcast: error: "};
	char *line, *save = NULL;
	const char *best = "it said nothing";
	int rank = 1;
	size_t i;

	for (line = strtok_r(r->output, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		if (rank_of(line) < rank)
			continue;
		rank = rank_of(line);
		best = line;
	}
	if (ours)
		*ours = rank == 4;
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(best, prefixes[i], strlen(prefixes[i])) == 0)
			return best + strlen(prefixes[i]);
	return best;
}
