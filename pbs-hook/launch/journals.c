/* SPDX-License-Identifier: BSD-3-Clause */
/* The journals of a job: written on each of its nodes, gathered in one directory when its top task has ended. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "pbs-hook/launch/launch.h"

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

int journals_collect(const struct launch *l, struct dlfm_error *e)
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
		launch_say("what %zu of %zu nodes looked up is missing (the first is %s)", bad,
			   nodes->n, nodes->names[1 + failed]);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

int journals_gather(const struct launch *l, const char *beside, char gathered[PATH_MAX],
		    struct dlfm_error *e)
{
	struct nodes nodes;

	if (nodes_read(&nodes, e) == -1)
		return -1;
	if (nodes.n == 1) {
		nodes_free(&nodes);
		gathered[0] = '\0';
		return 0;
	}
	snprintf(gathered, PATH_MAX, "%.*s.journals.XXXXXX", PATH_MAX - 32, beside);
	if (mkdtemp(gathered) == NULL) {
		launch_say("what other nodes looked up is missing: cannot make %s: %s", gathered,
			   strerror(errno));
		gathered[0] = '\0';
	} else {
		gather(l, &nodes, gathered);
	}
	nodes_free(&nodes);
	return 0;
}

void journals_remove(const char *gathered)
{
	if (gathered[0] != '\0')
		nftw(gathered, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
