/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps of our own: arguments and environment of the nested srun. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank-plugin/nested.h"

extern char **environ;

enum { NESTED_ARGS_MAX = 64 };

/*
 * What describes the outer step must not shape the inner one; where Slurm's configuration is must stay. PMIx's direct
 * connections are off: a peer's connection can be rejected while slurmstepd forks tasks, and then the fence hangs.
 */
static int is_kept(const char *variable)
{
	static const char *const dropped[] = {"SLURM_",	   "SRUN_",	 "SBATCH_", "SALLOC_",
					      "PMI",	   "OMPI_",	 "PRTE_",   "DLFM",
					      "LD_AUDIT=", "LD_PRELOAD="};
	size_t i;

	if (strncmp(variable, "SLURM_CONF=", 11) == 0)
		return 1;
	for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (strncmp(variable, dropped[i], strlen(dropped[i])) == 0)
			return 0;
	return 1;
}

/* The environment, an array to be freed (the strings are not copies). */
static char **make_environment(const char *libdir)
{
	static char guard[] = NESTED_GUARD "=1", direct[] = "SLURM_PMIX_DIRECT_CONN=false";
	static char variable[PATH_MAX + 16];
	char **from, **to, **env;
	size_t n = 0;

	for (from = environ; *from; from++)
		n++;
	env = to = malloc((n + 4) * sizeof(*env));
	if (!env)
		return NULL;
	for (from = environ; *from; from++)
		if (is_kept(*from))
			/* analyzer: here it is filled */
			*to++ = *from;
	*to++ = guard;
	*to++ = direct;
	snprintf(variable, sizeof(variable), "DLFM_LIBDIR=%s", libdir ? libdir : "");
	if (libdir)
		*to++ = variable;
	*to = NULL;
	return env;
}

/* The program beside this process's own, which is srun; NULL if that cannot be known. */
static const char *slurm_program(const char *name, char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash || slash + 1 + strlen(name) >= path + PATH_MAX)
		return NULL;
	strcpy(slash + 1, name);
	return path;
}

static int run(struct command_result *r, const struct nested *n, const char **args,
	       struct dlfm_error *e)
{
	char path[PATH_MAX], **env;
	int rc;

	if (!slurm_program(args[0], path))
		return dlfm_errf(e, "/proc/self/exe does not tell where %s is", args[0]);
	env = make_environment(n->libdir);
	if (!env)
		return dlfm_errf(e, "no memory");
	args[0] = path;
	rc = command_run(r, args, (const char *const *)env, n->timeout, n->last_words, e);
	free(env);
	return rc;
}

int nested_run(struct command_result *r, const struct nested *n, const char *const argv[],
	       struct dlfm_error *e)
{
	char job[32], nodes[32], tasks[32], mpi[32], *list = NULL;
	const char *args[NESTED_ARGS_MAX] = {
		"srun",
		job,
		"--overlap",
		nodes,
		tasks,
		"--ntasks-per-node=1",
		"--cpus-per-task=1",
		"--mem=0",
		"--gres=none",
		mpi,
		"--input=none",
		"--kill-on-bad-exit=0",
		"--wait=0",
		"--cpu-bind=none",
		"--chdir=/",
		"--quit-on-interrupt",
		"--job-name=dlfm",
		NULL,
	};
	int i = 0, rc;

	snprintf(job, sizeof(job), "--jobid=%u", n->job);
	snprintf(nodes, sizeof(nodes), "--nodes=%u", n->count);
	snprintf(tasks, sizeof(tasks), "--ntasks=%u", n->count);
	snprintf(mpi, sizeof(mpi), "--mpi=%s", n->mpi);
	if (asprintf(&list, "--nodelist=%s", n->nodes) < 0)
		return dlfm_errf(e, "no memory");
	while (args[i])
		i++;
	args[i++] = list;
	if (n->label)
		args[i++] = "--label";
	args[i++] = "--";
	for (; *argv && i < NESTED_ARGS_MAX - 1; argv++)
		args[i++] = *argv;
	args[i] = NULL;
	rc = run(r, n, args, e);
	free(list);
	return rc;
}

int nested_sbcast(struct command_result *r, const struct nested *n, uint32_t step, const char *file,
		  const char *to, struct dlfm_error *e)
{
	char job[48];
	const char *args[] = {"sbcast", job, file, to, NULL};

	snprintf(job, sizeof(job), "--jobid=%u.%u", n->job, step);
	return run(r, n, args, e);
}
