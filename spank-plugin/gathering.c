/* SPDX-License-Identifier: BSD-3-Clause */
/* srun's side of a record: before the launch and after the step. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <slurm/spank.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spank-plugin/gathering.h"

enum {
	FIRST_TICK_MS = 20,
	LAST_TICK_MS = 500,
	QUIET_MS = 15000, /* nothing comes from the nodes any more */
	/* Nothing has come at all: the nodes begin before srun learns that the tasks have ended. */
	EMPTY_MS = 3000,
};

/* What this srun is to wait for; job 0: nothing. */
static struct ticket pending;
static struct stat before; /* the cache as it was; st_ino 0: absent */
static int print_report;   /* no file was named for it */

/* `<current directory>/dlfm-<job>.<step>.<suffix>` */
static int default_name(const struct ticket *t, char name[PATH_MAX], const char *suffix,
			struct dlfm_error *e)
{
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return dlfm_errnof(e, "the working directory is not known");
	if (snprintf(name, PATH_MAX, "%s/dlfm-%u.%u.%s", cwd, t->job, t->step, suffix) >= PATH_MAX)
		return dlfm_errf(e, "the path of the working directory is too long");
	return 0;
}

static int default_names(struct ticket *t, struct dlfm_error *e)
{
	struct dlfm_job_option *o = &t->option;

	if (!o->file[0] && default_name(t, o->file, "dat", e) < 0)
		return -1;
	print_report = o->report && !o->report_file[0];
	return print_report ? default_name(t, o->report_file, "report", e) : 0;
}

int gathering_prepare(struct ticket *t, struct dlfm_error *e)
{
	char parts[PATH_MAX];

	if (!gathering_wanted(&t->option))
		return 0;
	if (default_names(t, e) < 0)
		return -1;
	if (gathering_parts(t, parts) < 0)
		return dlfm_errf(e, "%.100s...: the path is too long",
				 gathering_target(&t->option));
	if (gathering_make_parts(parts, e) < 0)
		return -1;
	if (setenv(TICKET_COLLECT_VARIABLE, "1", 1) < 0)
		return dlfm_errf(e, "no memory");
	if (stat(t->option.file, &before) < 0)
		before.st_ino = 0;
	pending = *t;
	return 0;
}

enum waited { DONE, LATE, NOTHING, STOPPED };

/* How many names are in the directory of the parts; -1: it is gone. *packing: the last node is at work. */
static int look(const char *parts, int *packing)
{
	DIR *d = gathering_look_afresh(parts) == 0 ? opendir(parts) : NULL;
	struct dirent *de;
	int n = 0;

	if (!d)
		return errno == ENOENT ? -1 : 0;
	*packing = 0;
	while ((de = readdir(d))) {
		n += de->d_name[0] != '.';
		*packing |= strcmp(de->d_name, "packing") == 0;
	}
	closedir(d);
	return n;
}

/* srun's own handling of signals has ended. 1 if one came within the time. */
static int is_stopped(int ms)
{
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	return sigtimedwait(&stop, NULL, &time) > 0;
}

/* Waits until the parts are gone; as long as packing takes, but not for nodes from which nothing comes. */
static enum waited wait_for(const char *parts, unsigned timeout)
{
	int n, last = 0, packing = 0, tick = FIRST_TICK_MS;
	unsigned long waited = 0, quiet = 0;

	while ((n = look(parts, &packing)) >= 0) {
		if (n != last)
			quiet = 0;
		last = n;
		if (!packing && quiet > (n ? QUIET_MS : EMPTY_MS))
			return n == 0 && rmdir(parts) == 0 ? NOTHING : LATE;
		if (waited > timeout * 1000UL)
			return LATE;
		if (is_stopped(tick))
			return STOPPED;
		waited += tick;
		quiet += tick;
		if (tick < LAST_TICK_MS)
			tick += tick / 4;
	}
	return DONE;
}

/* The first line of FILE.log; "" if all is well. */
static void read_log(const struct ticket *t, char *line, size_t size)
{
	char path[PATH_MAX];
	FILE *f;

	line[0] = '\0';
	if (gathering_log(t, path) < 0 || !(f = fopen(path, "re")))
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

static void say_recorded(const struct ticket *t, const char *log)
{
	const char *file = t->option.file, *colon = log[0] ? ": " : "",
		   *semicolon = log[0] ? "; " : "";

	if (!is_new(file))
		slurm_spank_log("dlfm: nothing was recorded in %s%s%s", file, colon, log);
	else
		slurm_spank_log("dlfm: recorded in %s%s%s", file, semicolon, log);
}

/* The report goes to standard error, as that of dlfm replay. */
static void print(const char *file)
{
	char line[4096];
	FILE *f = fopen(file, "re");

	while (f && fgets(line, sizeof(line), f))
		fputs(line, stderr);
	if (f)
		fclose(f);
	unlink(file);
}

static void say_result(const struct ticket *t)
{
	const struct dlfm_job_option *o = &t->option;
	char log[512];

	gathering_look_afresh(o->file);
	gathering_look_afresh(gathering_target(o));
	read_log(t, log, sizeof(log));
	if (o->mode == DLFM_MODE_RECORD) {
		say_recorded(t, log);
		return;
	}
	if (log[0])
		slurm_spank_log("dlfm: %s", log);
	if (o->learn && is_new(o->file))
		slurm_spank_log("dlfm: added to %s what it lacked", o->file);
	if (print_report)
		print(o->report_file);
	else if (o->report)
		slurm_spank_log("dlfm: the report is in %s", o->report_file);
}

void gathering_finish(unsigned timeout)
{
	char parts[PATH_MAX];
	enum waited waited;

	if (!pending.job || gathering_parts(&pending, parts) < 0)
		return;
	waited = wait_for(parts, timeout);
	if (waited == DONE)
		say_result(&pending);
	else if (waited == NOTHING)
		slurm_spank_log("dlfm: nothing was recorded: no node has delivered anything");
	else
		slurm_spank_log(
			"dlfm: not all nodes have delivered their journals %s; what comes is in %s "
			"('dlfm pack %s' makes a cache of it)",
			waited == LATE ? "in time" : "yet", parts, parts);
}
