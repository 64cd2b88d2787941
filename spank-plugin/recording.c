/* SPDX-License-Identifier: BSD-3-Clause */
/* srun's side of a record: before the launch and after the step. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <slurm/spank.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spank-plugin/recording.h"

enum {
	POLL_MS = 50,
	FIRST_SIGN_S = 10, /* for the nodes to begin; if nothing was launched they never will */
};

/* The record that this srun is to wait for; job 0: none. */
static struct ticket pending;
static struct stat before; /* FILE as it was; st_ino 0: absent */

static int default_name(struct ticket *t, struct dlfm_error *e)
{
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return dlfm_errnof(e, "the current directory");
	if (snprintf(t->option.file, PATH_MAX, "%s/dlfm-%u.%u.dat", cwd, t->job, t->step) >=
	    PATH_MAX)
		return dlfm_errf(e, "the path of the current directory is too long");
	return 0;
}

int recording_prepare(struct ticket *t, struct dlfm_error *e)
{
	char parts[PATH_MAX];

	if (!t->option.file[0] && default_name(t, e) < 0)
		return -1;
	if (recording_parts(t, parts) < 0)
		return dlfm_errf(e, "the path of %.100s... is too long", t->option.file);
	if (mkdir(parts, 0700) < 0 && errno != EEXIST)
		return dlfm_errnof(e, "cannot make %s for the record", parts);
	if (setenv(TICKET_COLLECT_VARIABLE, "1", 1) < 0)
		return dlfm_errf(e, "no memory");
	if (stat(t->option.file, &before) < 0)
		before.st_ino = 0;
	pending = *t;
	return 0;
}

/* Is it there? By open(2), which asks the server of a shared file system, as stat(2) need not. */
static int is_there(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || errno != ENOENT;
}

enum waited { DONE, LATE, NOTHING, STOPPED };

/* Waits until the parts are gone; interruptible, as srun's own handling of signals has ended. */
static enum waited wait_for(const char *parts, unsigned timeout)
{
	struct timespec tick = {.tv_nsec = POLL_MS * 1000000L};
	unsigned long n = 0;
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	for (; is_there(parts); n++) {
		if (n == FIRST_SIGN_S * 1000UL / POLL_MS && rmdir(parts) == 0)
			return NOTHING;
		if (n >= timeout * 1000UL / POLL_MS)
			return LATE;
		if (sigtimedwait(&stop, NULL, &tick) > 0)
			return STOPPED;
	}
	return DONE;
}

/* The first line of FILE.log; "" if all is well. */
static void read_log(const struct ticket *t, char *line, size_t size)
{
	char path[PATH_MAX];
	FILE *f;

	line[0] = '\0';
	if (recording_log(t, path) < 0 || !(f = fopen(path, "re")))
		return;
	if (fgets(line, size, f))
		line[strcspn(line, "\n")] = '\0';
	fclose(f);
}

static int is_new(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && (st.st_ino != before.st_ino || st.st_dev != before.st_dev ||
					st.st_mtim.tv_sec != before.st_mtim.tv_sec ||
					st.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
}

static void say_result(const struct ticket *t)
{
	char line[512];

	read_log(t, line, sizeof(line));
	if (!is_new(t->option.file))
		slurm_spank_log("dlfm: nothing was recorded in %s%s%s", t->option.file,
				line[0] ? ": " : "", line);
	else if (line[0])
		slurm_spank_log("dlfm: recorded in %s; %s", t->option.file, line);
	else
		slurm_spank_log("dlfm: recorded in %s", t->option.file);
}

void recording_finish(unsigned timeout)
{
	char parts[PATH_MAX];
	enum waited waited;

	if (!pending.job || recording_parts(&pending, parts) < 0)
		return;
	waited = wait_for(parts, timeout);
	if (waited == DONE)
		say_result(&pending);
	else if (waited == NOTHING)
		slurm_spank_log("dlfm: nothing was recorded: no task was started");
	else
		slurm_spank_log("dlfm: the record is not complete %s; when the step has ended, "
				"'dlfm merge -o %s %s/*.dat' makes a cache of what the nodes have "
				"put there",
				waited == LATE ? "in time" : "yet", pending.option.file, parts);
}
