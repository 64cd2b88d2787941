/* SPDX-License-Identifier: BSD-3-Clause */
/* Replay: the cache on every node of the job, and a task's environment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "cache-tools/task-env.h"
#include "pbs-hook/launch/launch.h"

#define STAGE_PROGRAM DLFM_HELPERDIR "/dlfm-stage"
#define AGENT	      DLFM_HELPERDIR "/dlfm-pbs-agent"
#define DLFM_PROGRAM  DLFM_BINDIR "/dlfm"

enum { MAX_ARGS = 48, NO_MPIRUN = -2 };

/* A command line that is put together piece by piece. */
struct command {
	char *argv[MAX_ARGS];
	char text[PATH_MAX * 6];
	size_t n, used;
};

static void add(struct command *c, const char *name, const char *value)
{
	char *at = c->text + c->used;
	size_t left = sizeof(c->text) - c->used;
	int n = snprintf(at, left, "%s%s", name, value);

	if (n < 0 || (size_t)n >= left || c->n + 1 >= MAX_ARGS)
		return;
	c->argv[c->n++] = at;
	c->used += (size_t)n + 1;
}

static void add_stage_options(struct command *c, const struct launch *l)
{
	static const char *const stale[] = {"refresh", "drop", "fail"};

	add(c, "--lease=", l->job);
	add(c, "--stale=", stale[l->option.stale]);
	if (l->dirs != NULL)
		add(c, "--dirs=", l->dirs);
	if (l->max_size != NULL)
		add(c, "--max-size=", l->max_size);
}

/* The last line of what a program printed, without "dlfm: ": it says why. */
static const char *last_line(char *output)
{
	size_t len = strlen(output);
	char *line;

	while (len > 0 && (output[len - 1] == '\n' || output[len - 1] == '\r'))
		output[--len] = '\0';
	line = strrchr(output, '\n');
	line = line != NULL ? line + 1 : output;
	return strncmp(line, "dlfm: ", 6) == 0 ? line + 6 : line;
}

static int verdict(const struct launch *l, int rc, const char *what, char *output,
		   struct dlfm_error *e)
{
	const char *why = last_line(output);

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
	struct command c = {.n = 0};
	char output[4096];
	int rc;

	add(&c, DLFM_PROGRAM, "");
	add(&c, "stage", "");
	add(&c, "--quiet", "");
	add_stage_options(&c, l);
	add(&c, "--", "");
	add(&c, cache, "");
	rc = child_run(c.argv, l->timeout, output, sizeof(output), e);
	return verdict(l, rc, "dlfm stage", output, e);
}

/* Writes the nodes, one a line, to a file in memory; returns its descriptor, its name for mpirun in
 * `path`. */
static int hostfile(const struct nodes *nodes, char path[64])
{
	char name[] = "/dev/shm/dlfm-pbs-hosts.XXXXXX";
	int fd = mkstemp(name);

	if (fd == -1)
		return -1;
	for (size_t i = 0; i < nodes->n; i++)
		dprintf(fd, "%s slots=1\n", nodes->names[i]);
	snprintf(path, 64, "%s", name);
	return fd;
}

/* OpenMPI starts its daemons by the agent, hence by pbs_tmrsh: no ssh, and they belong to the job.
 */
static void add_mpirun(struct command *c, const struct launch *l, const char *hosts)
{
	add(c, l->mpirun != NULL ? l->mpirun : "mpirun", "");
	add(c, "--hostfile", "");
	add(c, hosts, "");
	for (const char *const *a =
		     (const char *const[]){"-N", "1", "--bind-to", "none", "--mca", "plm", "rsh",
					   "--mca", "ras", "^tm", "--mca", "plm_rsh_no_tree_spawn",
					   "1", "--mca", "orte_startup_timeout", "60", "--mca",
					   "plm_rsh_agent", NULL};
	     *a != NULL; a++)
		add(c, *a, "");
	add(c, AGENT " ", l->tmrsh);
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
	struct command c = {.n = 0};
	char output[4096], hosts[64], seconds[16];
	int rc, fd = hostfile(nodes, hosts);

	if (fd == -1)
		return dlfm_errnof(e, "cannot write the list of nodes to /dev/shm");
	close(fd);
	add_mpirun(&c, l, hosts);
	add(&c, STAGE_PROGRAM, "");
	add_stage_options(&c, l);
	add(&c, "--transport=", transports[l->option.transport]);
	snprintf(seconds, sizeof(seconds), "%u", l->timeout);
	add(&c, "--timeout=", seconds);
	if (l->option.require)
		add(&c, "--require", "");
	add(&c, "--", "");
	add(&c, cache, "");
	clean_environment();
	rc = child_run(c.argv, l->timeout + 10, output, sizeof(output), e);
	unlink(hosts);
	if (rc == DLFM_EXIT_NOT_FOUND)
		return NO_MPIRUN;
	return verdict(l, rc, "mpirun dlfm-stage", output, e);
}

/* Without MPI: each node stages from the file. One reader a node instead of one a job. */
static int stage_by_each(const struct launch *l, const struct nodes *nodes, const char *cache,
			 struct dlfm_error *e)
{
	struct command c = {.n = 0};
	size_t failed, bad;

	add(&c, l->tmrsh, "");
	add(&c, "", "");
	add(&c, DLFM_PROGRAM, "");
	add(&c, "stage", "");
	add(&c, "--quiet", "");
	add_stage_options(&c, l);
	add(&c, cache, "");
	bad = child_run_nodes(c.argv, 1, nodes->names, nodes->n, l->timeout, &failed);
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
	char image[PATH_MAX], lib[PATH_MAX + 8];
	int rc = dlfm_lease_find(launch_dirs(l), getuid(), l->job, image, e);

	if (rc <= 0)
		return rc;
	snprintf(lib, sizeof(lib), "%s/lib", image);
	t.image = image;
	t.lib = lib;
	t.static_tls = dlfm_image_static_tls(image);
	return dlfm_task_env_compose(&t, &ops, e) == -1 ? -1 : 1;
}
