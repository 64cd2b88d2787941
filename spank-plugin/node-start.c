/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slurmd starts: what jobs have left that ended while it was down, and for which no epilog ran, goes. In the background,
 * each user's by a child that has become that user.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache-tools/lease.h"
#include "spank-plugin/as-user.h"
#include "spank-plugin/note.h"
#include "spank-plugin/plugin.h"

enum { SWEEP_SECONDS = 300, USER_SECONDS = 60, LEFTOVER_AGE = 600, NOBODY = 65534 };

/* Has the job ended, for sure? While the controller does not answer nobody's has. */
static int has_ended(uint32_t job)
{
	job_info_msg_t *jobs = NULL;
	uint32_t i, state;
	int ended = 1;

	if (slurm_load_job(&jobs, job, SHOW_ALL) != SLURM_SUCCESS)
		return slurm_get_errno() == ESLURM_INVALID_JOB_ID;
	for (i = 0; i < jobs->record_count; i++) {
		state = jobs->job_array[i].job_state & JOB_STATE_BASE;
		if (jobs->job_array[i].job_id == job && state < JOB_COMPLETE)
			ended = 0;
	}
	slurm_free_job_info_msg(jobs);
	return ended;
}

/* The job of a lease, a journal directory or a note; 0: it is of no job. */
static uint32_t job_of(const char *name)
{
	static const char *const prefixes[] = {DLFM_STORE_JOURNAL, "note."};
	unsigned long job;
	char *end;
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			name += strlen(prefixes[i]);
	if (!isdigit((unsigned char)name[0]))
		return 0;
	job = strtoul(name, &end, 10);
	return (*end == '.' || !*end) && job < UINT32_MAX ? job : 0;
}

static void release_ended(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *de;
	char key[16];
	uint32_t job;

	while (d && (de = readdir(d))) {
		job = job_of(de->d_name);
		if (!job || !has_ended(job))
			continue;
		snprintf(key, sizeof(key), "%u", job);
		note_remove(plugin.args.dirs, job);
		dlfm_lease_release(plugin.args.dirs, key, NULL);
	}
	if (d)
		closedir(d);
}

/* As the user. */
static int sweep_user(void *arg)
{
	char leases[PATH_MAX + 8];
	struct dlfm_store s;
	int i;

	(void)arg;
	for (i = 0; plugin.args.dirs[i]; i++) {
		if (dlfm_store_open(&s, plugin.args.dirs[i], getuid(), DLFM_STORE_LOOK, NULL) <= 0)
			continue;
		snprintf(leases, sizeof(leases), "%s/leases", s.path);
		release_ended(leases);
		release_ended(s.path);
		dlfm_store_close(&s);
	}
	return dlfm_stage_sweep(plugin.args.dirs, LEFTOVER_AGE, NULL) < 0;
}

static void sweep_all(void)
{
	struct as_user user = {.gid = NOBODY};
	struct dirent *de;
	DIR *d;
	int i;

	for (i = 0; plugin.args.dirs[i]; i++) {
		d = opendir(plugin.args.dirs[i]);
		while (d && (de = readdir(d)))
			if (dlfm_store_owner(dirfd(d), de->d_name, &user.uid) == 0)
				as_user_call(&user, sweep_user, NULL, USER_SECONDS);
		if (d)
			closedir(d);
	}
}

/* A grandchild, so that slurmd has nobody to wait for. */
void plugin_slurmd_start(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		signal(SIGALRM, SIG_DFL);
		alarm(SWEEP_SECONDS);
		sweep_all();
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
