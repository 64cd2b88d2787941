/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The child of slurmstepd that is about to become a task. It runs as the user: here his ticket is read, his image
 * is looked for, and the environment is composed.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "spank-plugin/collection.h"
#include "spank-plugin/plugin.h"
#include "spank-plugin/spank-env.h"
#include "spank-plugin/ticket.h"

/* One task of the node speaks for it. */
static int is_speaker(spank_t sp)
{
	int task = 0;

	return spank_get_item(sp, S_TASK_ID, &task) == ESPANK_SUCCESS && task == 0;
}

static void say(spank_t sp, const struct dlfm_error *e)
{
	const char *node = spank_env_get(sp, "SLURMD_NODENAME");

	if (is_speaker(sp))
		slurm_error("dlfm: %s: %s; tasks on it run without DLFM", node ? node : "a node",
			    e->text);
}

static int compose(spank_t sp, struct dlfm_task_env *t, const struct ticket *ticket,
		   struct dlfm_error *e)
{
	struct dlfm_env_ops ops = spank_env_ops(sp);

	t->layers = ticket->option.layers;
	return dlfm_task_env_compose(t, &ops, e);
}

/* The staging directories that slurmstepd sees as the task does: there, journals can be collected when the tasks are gone. */
static const char *common_dirs[PLUGIN_DIRS_MAX + 1];
/* The root directory of slurmstepd: the node's. */
static struct stat node_root;

void plugin_task_init_privileged(void)
{
	char path[PATH_MAX + 32];
	struct stat own, outer;
	int i, n = 0;

	snprintf(path, sizeof(path), "/proc/%ld/root/.", (long)getppid());
	if (stat(path, &node_root) < 0)
		node_root = (struct stat){.st_ino = 0};
	for (i = 0; plugin.args.dirs[i]; i++) {
		snprintf(path, sizeof(path), "/proc/%ld/root%s", (long)getppid(),
			 plugin.args.dirs[i]);
		if (stat(plugin.args.dirs[i], &own) == 0 && stat(path, &outer) == 0 &&
		    own.st_dev == outer.st_dev && own.st_ino == outer.st_ino)
			common_dirs[n++] = plugin.args.dirs[i];
	}
	common_dirs[n] = NULL;
}

/* The step's journal directory on this node, with what dlfm-collect needs to know. */
static int make_journal(spank_t sp, const struct ticket *t, char path[PATH_MAX],
			struct dlfm_error *e)
{
	struct collection c = {.ticket = *t};
	char key[32];

	if (spank_get_item(sp, S_JOB_NNODES, &c.nodes) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_NODEID, &c.node) != ESPANK_SUCCESS)
		return dlfm_errf(e, "Slurm does not tell the step's nodes");
	snprintf(key, sizeof(key), "%u.%u", t->job, t->step);
	if (!common_dirs[0])
		return dlfm_errf(
			e,
			"the job has %s for itself (job_container): what is recorded there "
			"is lost with the job; name a directory in stage_dirs= of "
			"plugstack.conf that all jobs share",
			plugin.args.dirs_text);
	if (dlfm_journal_directory(common_dirs, key, path, e) < 0)
		return -1;
	return collection_write(&c, path, e);
}

/* Another plugin (pyxis) has put the task into a container. It joins its mount namespace before any plugin's task_init. */
static int in_container(void)
{
	struct stat st;

	return node_root.st_ino && stat("/", &st) == 0 &&
	       (st.st_dev != node_root.st_dev || st.st_ino != node_root.st_ino);
}

/* Libraries can be mapped from the image as it is mounted here. enroot mounts /dev/shm noexec. */
static int can_map(const char *image)
{
	struct statvfs v;

	return statvfs(image, &v) == 0 && !(v.f_flag & ST_NOEXEC);
}

static int replay(spank_t sp, const struct ticket *ticket, struct dlfm_error *e)
{
	char image[PATH_MAX], lib[PATH_MAX + 8], journal[PATH_MAX];
	struct dlfm_task_env t = {.lib = lib, .image = image};
	int found = dlfm_lease_find(plugin.args.dirs, getuid(), ticket->key, image, e);

	/* A container without the image is how containers are: not worth a word of each task. */
	if (in_container() && (found <= 0 || !can_map(image)))
		return 0;
	if (found < 0)
		return -1;
	if (found == 0)
		return ticket->word == TICKET_QUIET
			       ? 0
			       : dlfm_errf(e, "the image of %s is gone", ticket->option.file);
	snprintf(lib, sizeof(lib), "%s/lib", image);
	t.static_tls = dlfm_image_static_tls(image);
	if (ticket->option.report || ticket->option.learn) {
		if (make_journal(sp, ticket, journal, e) < 0)
			return -1;
		t.journal = journal;
	}
	return compose(sp, &t, ticket, e);
}

static int record(spank_t sp, const struct ticket *ticket, struct dlfm_error *e)
{
	char lib[PATH_MAX], journal[PATH_MAX];
	struct dlfm_task_env t = {.journal = journal, .static_tls = DLFM_RECORD_STATIC_TLS};

	t.lib = plugin_path(&plugin.args, PLUGIN_LIBDIR, lib);
	if (!t.lib || access(lib, X_OK) < 0)
		return dlfm_errnof(e, "%s (prefix= of plugstack.conf)", lib);
	if (make_journal(sp, ticket, journal, e) < 0)
		return -1;
	return compose(sp, &t, ticket, e);
}

/* The ticket, if it is this step's: one from an outer step may have been inherited. */
static int read_ticket(spank_t sp, struct ticket *t, struct dlfm_error *e)
{
	const char *text = spank_env_get(sp, TICKET_VARIABLE);
	uint32_t job = 0, step = 0;

	if (!text)
		return 0;
	if (ticket_parse(t, text, e) < 0)
		return -1;
	spank_unsetenv(sp, TICKET_VARIABLE);
	spank_unsetenv(sp, TICKET_COLLECT_VARIABLE);
	spank_get_item(sp, S_JOB_ID, &job);
	spank_get_item(sp, S_JOB_STEPID, &step);
	return t->job == job && t->step == step;
}

/*
 * The batch script gets nothing of DLFM. But OpenMPI's mpirun starts the ranks of its own node itself, as children of
 * the script, and those of other nodes by daemons that are tasks of srun: it is told to start a daemon on its own node,
 * too. Then all ranks inherit what the daemons' step was given.
 */
static void serve_mpirun(spank_t sp)
{
	const char *variable = spank_env_get(sp, "DLFM");

	if (!plugin.option_given && (!variable || !variable[0]) &&
	    strcmp(plugin.args.fallback, "off") == 0)
		return;
	spank_setenv(sp, "OMPI_MCA_ras_base_launch_orted_on_hn", "1", 0);
	spank_setenv(sp, "PRTE_MCA_ras_base_launch_orted_on_hn", "1", 0);
}

int plugin_task_init(spank_t sp)
{
	struct ticket *t = calloc(1, sizeof(*t));
	struct dlfm_error e;
	uint32_t step = 0;
	int rc = 0;

	if (!t)
		return 0;
	spank_get_item(sp, S_JOB_STEPID, &step);
	if (step == SLURM_BATCH_SCRIPT || step == SLURM_INTERACTIVE_STEP)
		serve_mpirun(sp);
	else
		rc = read_ticket(sp, t, &e);
	if (rc > 0)
		rc = t->option.mode == DLFM_MODE_RECORD ? record(sp, t, &e) : replay(sp, t, &e);
	if (rc < 0)
		say(sp, &e);
	free(t);
	return 0;
}
