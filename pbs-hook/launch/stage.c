/* SPDX-License-Identifier: BSD-3-Clause */
/* Replay: the cache on every node of the job, and a task's environment. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "cache-tools/task-env.h"
#include "pbs-hook/launch/launch.h"

enum { NO_MPIRUN = -2 };

static void add_stage_options(struct command *c, const struct launch *l)
{
	static const char *const stale[] = {"refresh", "drop", "fail"};

	command_add(c, "--lease=", l->job);
	command_add(c, "--stale=", stale[l->option.stale]);
	if (l->max_size != NULL)
		command_add(c, "--max-size=", l->max_size);
}

/* A program of the directory in which another one is. */
static void add_beside(struct command *c, const char *program, const char *name)
{
	const char *slash = strrchr(program, '/');
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", slash != NULL ? (int)(slash + 1 - program) : 0,
		 program);
	command_add(c, path, name);
}

/* `dlfm stage` of one node, by env(1), as pbs_tmrsh does not hand on this process's environment. */
static void add_dlfm_stage(struct command *c, const struct launch *l, const char *cache)
{
	const char *const *dirs = launch_dirs(l);

	command_add(c, "env", "");
	command_add(c, "DLFM_LIBDIR=", l->libdir);
	command_add(c, l->dlfm, "");
	command_add(c, "stage", "");
	command_add(c, "--quiet", "");
	add_stage_options(c, l);
	for (; dirs != NULL && *dirs != NULL; dirs++)
		command_add(c, "--dir=", *dirs);
	command_add(c, cache, "");
}

static int verdict(const struct launch *l, int rc, const char *what, char *output,
		   struct dlfm_error *e)
{
	const char *why = launch_last_line(output);

	if (rc == -1)
		return -1;
	if (rc == 0)
		return 0;
	if (rc == 124)
		return dlfm_errf(e, "%s did not end within %u s", what, l->timeout);
	return dlfm_errf(e, "%s", why[0] != '\0' ? why : "staging failed and said nothing");
}

static int stage_here(const struct launch *l, const char *cache, struct dlfm_error *e)
{
	struct command c = {0};
	char output[4096];
	int rc;

	add_dlfm_stage(&c, l, cache);
	rc = child_run(&c, l->timeout, output, sizeof(output), e);
	return verdict(l, rc, "dlfm stage", output, e);
}

/* Writes the nodes, one a line, to a file in the job's own temporary directory, which mom removes. */
static int write_hostfile(const struct nodes *nodes, char path[PATH_MAX])
{
	const char *dir = getenv("TMPDIR");
	int fd, failed = 0;

	snprintf(path, PATH_MAX, "%s/dlfm-hosts.XXXXXX",
		 dir != NULL && dir[0] != '\0' ? dir : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	if (fd == -1)
		return -1;
	for (size_t i = 0; i < nodes->n; i++)
		failed |= dprintf(fd, "%s slots=1\n", nodes->names[i]) < 0;
	failed |= close(fd) == -1;
	if (failed)
		unlink(path);
	return failed ? -1 : 0;
}

/*
 * OpenMPI starts its daemons by the agent, hence by pbs_tmrsh: no ssh, and they belong to the job. They stay in the
 * foreground, because mom kills what a task leaves behind when it ends.
 */
static void add_mpirun(struct command *c, const struct launch *l, const char *hosts)
{
	static const char *const fixed[] = {"-N",
					    "1",
					    "--bind-to",
					    "none",
					    "--leave-session-attached",
					    "--mca",
					    "plm",
					    "rsh",
					    "--mca",
					    "ras",
					    "^tm",
					    "--mca",
					    "plm_rsh_no_tree_spawn",
					    "1",
					    "--mca",
					    "orte_startup_timeout",
					    "60",
					    "--mca",
					    "plm_rsh_agent"};
	char agent[2 * PATH_MAX];

	command_add(c, l->mpirun != NULL ? l->mpirun : "mpirun", "");
	command_add(c, "--hostfile", "");
	command_add(c, hosts, "");
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		command_add(c, fixed[i], "");
	snprintf(agent, sizeof(agent), "%s %s", launch_helper("dlfm-pbs-agent"), l->tmrsh);
	command_add(c, agent, "");
}

static void clean_environment(void)
{
	static const char *const prefixes[] = {"OMPI_COMM", "OMPI_UNIVERSE", "PMIX_",
					       "PMI_",	    "ORTE_",	     NULL};
	extern char **environ;
	char name[256];

	for (char **v = environ; *v != NULL;) {
		const char *const *p = prefixes;
		size_t len = strcspn(*v, "=");

		while (*p != NULL && strncmp(*v, *p, strlen(*p)) != 0)
			p++;
		if (*p == NULL || len >= sizeof(name)) {
			v++;
			continue;
		}
		memcpy(name, *v, len);
		name[len] = '\0';
		unsetenv(name);
	}
}

static int stage_by_mpirun(const struct launch *l, const struct nodes *nodes, const char *cache,
			   struct dlfm_error *e)
{
	static const char *const transports[] = {"tcp", "mpi", "pmix"};
	struct command c = {0};
	char output[4096], hosts[PATH_MAX], seconds[16];
	int rc;

	if (write_hostfile(nodes, hosts) == -1)
		return dlfm_errnof(e, "cannot write the list of nodes to %s", hosts);
	add_mpirun(&c, l, hosts);
	add_beside(&c, l->dlfm, "dlfm-stage");
	add_stage_options(&c, l);
	command_add(&c, "--libdir=", l->libdir);
	if (l->dirs != NULL)
		command_add(&c, "--dirs=", l->dirs);
	command_add(&c, "--transport=", transports[l->option.transport]);
	snprintf(seconds, sizeof(seconds), "%u", l->timeout);
	command_add(&c, "--timeout=", seconds);
	if (l->option.require)
		command_add(&c, "--require", "");
	command_add(&c, "--", "");
	command_add(&c, cache, "");
	clean_environment();
	rc = child_run(&c, l->timeout + 10, output, sizeof(output), e);
	unlink(hosts);
	if (rc == DLFM_EXIT_NOT_FOUND)
		return NO_MPIRUN;
	return verdict(l, rc, "mpirun dlfm-stage", output, e);
}

/* Without MPI: each node stages from the file. One reader a node instead of one a job. */
static int stage_by_each(const struct launch *l, const struct nodes *nodes, const char *cache,
			 struct dlfm_error *e)
{
	struct command c = {0};
	size_t failed, bad;

	command_add(&c, l->tmrsh, "");
	command_add(&c, "", "");
	add_dlfm_stage(&c, l, cache);
	bad = child_run_nodes(&c, 1, nodes->names, nodes->n, l->timeout, &failed);
	if (bad == 0)
		return 0;
	return dlfm_errf(e, "%zu of %zu nodes could not stage %s, the first is %s", bad, nodes->n,
			 cache, nodes->names[failed]);
}

int stage_job(const struct launch *l, const char *cache, struct dlfm_error *e)
{
	struct nodes nodes;
	int rc;

	if (nodes_read(&nodes, e) == -1)
		return -1;
	if (nodes.n == 1)
		rc = stage_here(l, cache, e);
	else
		rc = stage_by_mpirun(l, &nodes, cache, e);
	if (rc == NO_MPIRUN)
		rc = stage_by_each(l, &nodes, cache, e);
	nodes_free(&nodes);
	if (rc == -1 && !l->option.require && stage_environment(l, NULL) == 1) {
		launch_say("%s; this node goes on with its image", e->text);
		return 0;
	}
	return rc;
}

int stage_environment(const struct launch *l, struct dlfm_error *e)
{
	const struct dlfm_env_ops ops = launch_environment();
	struct dlfm_task_env t = {.layers = l->option.layers};
	char image[PATH_MAX], lib[PATH_MAX + 8], journal[PATH_MAX];
	int rc = dlfm_lease_find(launch_dirs(l), getuid(), l->job, image, e);

	if (rc <= 0)
		return rc;
	snprintf(lib, sizeof(lib), "%s/lib", image);
	t.image = image;
	t.lib = lib;
	t.static_tls = dlfm_image_static_tls(image);
	if ((l->option.report || l->option.learn) &&
	    dlfm_journal_directory(launch_dirs(l), l->job, journal, e) == 0)
		t.journal = journal;
	return dlfm_task_env_compose(&t, &ops, e) == -1 ? -1 : 1;
}
