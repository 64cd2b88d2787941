/* SPDX-License-Identifier: BSD-3-Clause */
/* Record: a journal directory on each node of the job, packed into one cache when the job's top task has ended. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <dirent.h>
#include <ftw.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "cache-tools/task-env.h"
#include "pbs-hook/launch/launch.h"

int record_environment(const struct launch *l, struct dlfm_error *e)
{
	const struct dlfm_env_ops ops = launch_environment();
	struct dlfm_task_env t = {
		.layers = l->option.layers, .lib = l->libdir, .static_tls = DLFM_RECORD_STATIC_TLS};
	char journal[PATH_MAX];

	if (dlfm_journal_directory(launch_dirs(l), l->job, journal, e) == -1)
		return -1;
	t.journal = journal;
	return dlfm_task_env_compose(&t, &ops, e);
}

/* One journal, under the node's name, as processes of two nodes may have the same number. */
static int copy(int from_dir, int to_dir, const char *name, const char *node)
{
	char to_name[2 * NAME_MAX];
	int in = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out = -1, rc = -1;
	struct stat st;

	snprintf(to_name, sizeof(to_name), "%s-%s", node, name);
	if (in != -1 && fstat(in, &st) == 0 && S_ISREG(st.st_mode))
		out = openat(to_dir, to_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out != -1) {
		off_t left = st.st_size;
		ssize_t n = 1;

		while (left > 0 && (n = sendfile(out, in, NULL, (size_t)left)) > 0)
			left -= n;
		rc = left == 0 ? 0 : -1;
	}
	if (out != -1 && close(out) == -1)
		rc = -1;
	if (in != -1)
		close(in);
	return rc;
}

int record_collect(const struct launch *l, struct dlfm_error *e)
{
	char journal[PATH_MAX], node[128] = "node";
	int to = open(l->collect, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;
	struct dirent *de;
	DIR *d = NULL;

	if (to == -1)
		return dlfm_errnof(e, "cannot open %s", l->collect);
	gethostname(node, sizeof(node) - 1);
	if (dlfm_journal_directory(launch_dirs(l), l->job, journal, e) == 0)
		d = opendir(journal);
	while (d != NULL && (de = readdir(d)) != NULL)
		if (de->d_name[0] != '.' && copy(dirfd(d), to, de->d_name, node) == -1)
			rc = dlfm_errnof(e, "cannot copy %s/%s to %s", journal, de->d_name,
					 l->collect);
	if (d != NULL)
		closedir(d);
	close(to);
	return rc;
}

/* The other nodes copy theirs beside the cache, where all nodes see them. */
static void gather(const struct launch *l, const struct nodes *nodes, const char *directory)
{
	struct command c = {0};
	size_t failed, bad;

	command_add(&c, l->tmrsh, "");
	command_add(&c, "", "");
	command_add(&c, launch_helper("dlfm-pbs-launch"), "");
	command_add(&c, "--job=", l->job);
	command_add(&c, "--collect=", directory);
	if (l->dirs != NULL)
		command_add(&c, "--dirs=", l->dirs);
	bad = child_run_nodes(&c, 1, nodes->names + 1, nodes->n - 1, l->timeout, &failed);
	if (bad != 0)
		launch_say("the recording lacks what %zu of %zu nodes saw (the first is %s)", bad,
			   nodes->n, nodes->names[1 + failed]);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int pack(const struct launch *l, const char *here, const char *gathered,
		struct dlfm_error *e)
{
	struct command c = {0};
	char output[4096];
	int rc;

	command_add(&c, l->dlfm, "");
	command_add(&c, "pack", "");
	command_add(&c, "--quiet", "");
	command_add(&c, "--output=", l->option.file);
	if (l->option.scope != DLFM_SCOPE_DEFAULT)
		command_add(&c, "--scope=", l->option.scope == DLFM_SCOPE_ALL ? "all" : "shared");
	command_add(&c, here, "");
	if (gathered != NULL)
		command_add(&c, gathered, "");
	rc = child_run(&c, l->timeout, output, sizeof(output), e);
	if (rc == -1)
		return -1;
	if (rc != 0)
		return dlfm_errf(e, "no cache was made: %s",
				 rc == 124 ? "dlfm pack took too long" : launch_last_line(output));
	launch_say("recorded in %s", l->option.file);
	return 0;
}

int record_pack(const struct launch *l, struct dlfm_error *e)
{
	const struct dlfm_env_ops ops = launch_environment();
	char here[PATH_MAX], gathered[PATH_MAX + 32];
	struct nodes nodes;
	int rc, several;

	/* What runs from here on is not the application. */
	if (dlfm_task_env_remove(&ops, e) == -1 ||
	    dlfm_journal_directory(launch_dirs(l), l->job, here, e) == -1 ||
	    nodes_read(&nodes, e) == -1)
		return -1;
	snprintf(gathered, sizeof(gathered), "%s.journals.XXXXXX", l->option.file);
	several = nodes.n > 1 && mkdtemp(gathered) != NULL;
	if (several)
		gather(l, &nodes, gathered);
	else if (nodes.n > 1)
		launch_say("the recording lacks what other nodes saw: cannot make %s: %s", gathered,
			   strerror(errno));
	rc = pack(l, here, several ? gathered : NULL, e);
	if (several)
		nftw(gathered, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	nodes_free(&nodes);
	return rc;
}
