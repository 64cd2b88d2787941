/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slurmstepd and the epilog, as root. Nothing of the user's is looked into: whether a step has journals is told by
 * the presence of a variable, and what is to be done with them by a file that a program reads which runs as the user.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache-tools/store.h"
#include "spank-plugin/as-user.h"
#include "spank-plugin/note.h"
#include "spank-plugin/plugin.h"
#include "spank-plugin/spank-env.h"
#include "spank-plugin/ticket.h"

enum { EPILOG_SECONDS = 60, LEFTOVER_AGE = 600, NOBODY = 65534, GROUPS_MAX = 256 };

/* How this node's tasks ended; whether their journals were collected. */
static struct {
	unsigned ended, failed, killed;
	int collected;
} tasks;

static int get_user(spank_t sp, struct as_user *user)
{
	gid_t *groups = NULL;
	int n = 0;

	if (spank_get_item(sp, S_JOB_UID, &user->uid) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_GID, &user->gid) != ESPANK_SUCCESS)
		return -1;
	if (spank_get_item(sp, S_JOB_SUPPLEMENTARY_GIDS, &groups, &n) == ESPANK_SUCCESS) {
		user->groups = groups;
		user->n_groups = n;
	}
	return 0;
}

/* Has the journals of a step, or of all steps of a job, brought to where they are packed. */
static void collect(const struct as_user *user, const char *key)
{
	char program[PATH_MAX], dlfm[PATH_MAX], number[3][16];
	const char *argv[] = {program,	 dlfm, plugin.args.dirs_text, key, number[0], number[1],
			      number[2], NULL};
	unsigned values[] = {tasks.failed, tasks.killed, plugin.args.timeout};
	int i, status;

	if (!plugin_path(&plugin.args, PLUGIN_COLLECT, program) ||
	    !plugin_path(&plugin.args, PLUGIN_DLFM, dlfm))
		return;
	for (i = 0; i < 3; i++)
		snprintf(number[i], sizeof(number[i]), "%u", values[i]);
	status = as_user_run(user, argv, plugin.args.timeout);
	if (status != 0)
		slurm_error("dlfm: %s ended with status %d", program, status);
}

void plugin_step_exit(spank_t sp)
{
	struct as_user user = {0};
	uint32_t job = 0, step = 0;
	char key[32];

	if (tasks.collected || !spank_env_get(sp, TICKET_COLLECT_VARIABLE) ||
	    get_user(sp, &user) < 0 || spank_get_item(sp, S_JOB_ID, &job) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_STEPID, &step) != ESPANK_SUCCESS)
		return;
	snprintf(key, sizeof(key), "%u.%u", job, step);
	tasks.collected = 1;
	collect(&user, key);
}

/*
 * srun learns of a task's end after this has returned. So the journals are collected before srun goes on, and, where it
 * made the allocation itself, before it ends the job: then what still runs is killed after KillWait.
 */
void plugin_step_task_exit(spank_t sp)
{
	uint32_t n = 0;
	int status = 0;

	if (spank_get_item(sp, S_TASK_EXIT_STATUS, &status) != ESPANK_SUCCESS)
		return;
	tasks.ended++;
	if (WIFSIGNALED(status))
		tasks.killed++;
	else if (WEXITSTATUS(status))
		tasks.failed++;
	if (spank_get_item(sp, S_JOB_LOCAL_TASK_COUNT, &n) == ESPANK_SUCCESS && tasks.ended == n)
		plugin_step_exit(sp);
}

/* ---- the epilog ---- */

/* As the user: does the job have journals that no slurmstepd has collected? */
static int has_journals(void *arg)
{
	char prefix[64];
	struct dlfm_store s;
	struct dirent *de;
	int i, found = 0;
	DIR *d;

	snprintf(prefix, sizeof(prefix), DLFM_STORE_JOURNAL "%u.", *(uint32_t *)arg);
	for (i = 0; plugin.args.dirs[i] && !found; i++) {
		if (dlfm_store_open(&s, plugin.args.dirs[i], getuid(), DLFM_STORE_LOOK, NULL) <= 0)
			continue;
		d = opendir(s.path);
		while (d && !found && (de = readdir(d)))
			found = strncmp(de->d_name, prefix, strlen(prefix)) == 0;
		if (d)
			closedir(d);
		dlfm_store_close(&s);
	}
	return found;
}

/* Copies of caches that were brought to this node and whose step was killed before it had staged. */
static void remove_copies(uint32_t job)
{
	char prefix[64];
	struct dirent *de;
	DIR *d;
	int i;

	snprintf(prefix, sizeof(prefix), "dlfm-%u.%u.", getuid(), job);
	for (i = 0; plugin.args.dirs[i]; i++) {
		d = opendir(plugin.args.dirs[i]);
		while (d && (de = readdir(d)))
			if (strncmp(de->d_name, prefix, strlen(prefix)) == 0)
				unlinkat(dirfd(d), de->d_name, 0);
		if (d)
			closedir(d);
	}
}

/* As the user: his leases, journals and note of the job go, images that nobody else uses, and what killed helpers left. */
static int release_job(void *arg)
{
	uint32_t job = *(uint32_t *)arg;
	char key[16];

	snprintf(key, sizeof(key), "%u", job);
	note_remove(plugin.args.dirs, job);
	remove_copies(job);
	return dlfm_lease_release(plugin.args.dirs, key, NULL) < 0 ||
	       dlfm_stage_sweep(plugin.args.dirs, LEFTOVER_AGE, NULL) < 0;
}

/* Is there anything of his? (A link or another's directory is nothing.) */
static int has_store(uid_t uid)
{
	char name[DLFM_STORE_NAME];
	uid_t owner;
	int i, fd, found = 0;

	for (i = 0; plugin.args.dirs[i] && !found; i++) {
		fd = open(plugin.args.dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		found = fd >= 0 && dlfm_store_name(fd, uid, 0, name, NULL) == 1 &&
			dlfm_store_owner(fd, name, &owner) == 0 && owner == uid;
		if (fd >= 0)
			close(fd);
	}
	return found;
}

/* The groups that the user has by himself; the process of the epilog knows of no others. */
static void add_groups(struct as_user *user, gid_t groups[GROUPS_MAX])
{
	struct passwd entry, *found = NULL;
	char text[4096];
	int n = GROUPS_MAX;

	if (getpwuid_r(user->uid, &entry, text, sizeof(text), &found) != 0 || !found)
		return;
	user->gid = entry.pw_gid;
	if (getgrouplist(entry.pw_name, entry.pw_gid, groups, &n) < 0)
		return;
	user->groups = groups;
	user->n_groups = n;
}

void plugin_job_epilog(spank_t sp)
{
	struct as_user user = {.gid = NOBODY};
	gid_t groups[GROUPS_MAX];
	uint32_t job = 0;
	char key[16];

	if (spank_get_item(sp, S_JOB_ID, &job) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_UID, &user.uid) != ESPANK_SUCCESS || !has_store(user.uid))
		return;
	if (as_user_call(&user, has_journals, &job, EPILOG_SECONDS) == 1) {
		snprintf(key, sizeof(key), "%u", job);
		add_groups(&user, groups);
		collect(&user, key);
	}
	if (as_user_call(&user, release_job, &job, EPILOG_SECONDS) != 0)
		slurm_error("dlfm: what job %u staged could not be removed", job);
}
