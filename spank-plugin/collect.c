/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dlfm-collect DLFM DIRS KEY FAILED KILLED SECONDS: what is to be done on a node when the tasks of a step have ended. Run by
 * the plugin as the user, from slurmstepd (KEY is <job>.<step>) or the epilog (KEY is <job>: whatever steps whose
 * slurmstepd was killed have left).
 *	DLFM		the dlfm program
 *	DIRS		staging directories, A:B
 *	FAILED, KILLED	how many of the node's tasks ended with an error, by a signal
 *	SECONDS		limit for making it
 * The journals are copied beside the cache or report that is to be made of them, and the node whose copy is the last to be
 * complete makes it: no node waits for another.
 */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/lease.h"
#include "spank-plugin/collect-parts.h"

static int split_dirs(char *text, const char *dirs[PLUGIN_DIRS_MAX + 1])
{
	char *dir, *save = NULL;
	int n = 0;

	for (dir = strtok_r(text, ":", &save); dir && n < PLUGIN_DIRS_MAX;
	     dir = strtok_r(NULL, ":", &save))
		dirs[n++] = dir;
	dirs[n] = NULL;
	return n;
}

static void collect(const struct collect *run, const char *journal)
{
	struct collection c;
	struct dlfm_error e;

	if (collection_read(&c, journal, &e) < 0 || collect_parts(run, &c, journal, &e) < 0)
		fprintf(stderr, "dlfm: %s\n", e.text);
}

static int is_wanted(const char *name, const char *key)
{
	size_t prefix = strlen(DLFM_STORE_JOURNAL), length = strlen(key);

	return strncmp(name, DLFM_STORE_JOURNAL, prefix) == 0 &&
	       strncmp(name + prefix, key, length) == 0 &&
	       (name[prefix + length] == '.' || !name[prefix + length]);
}

static void collect_store(const struct collect *run, const char *dir, const char *key)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct dlfm_store s;
	struct dirent *de;
	DIR *d;

	if (dlfm_store_open(&s, dir, getuid(), DLFM_STORE_LOOK, NULL) <= 0)
		return;
	d = opendir(s.path);
	while (d && (de = readdir(d))) {
		if (!is_wanted(de->d_name, key))
			continue;
		snprintf(path, sizeof(path), "%s/%s", s.path, de->d_name);
		collect(run, path);
	}
	if (d)
		closedir(d);
	dlfm_store_close(&s);
}

/* The journals go; of a whole job so do its leases, in the epilog. */
static int discard_journals(const char *const *dirs, const char *key)
{
	return strchr(key, '.') ? dlfm_lease_release(dirs, key, NULL) < 0 : 0;
}

int main(int argc, char **argv)
{
	const char *dirs[PLUGIN_DIRS_MAX + 1];
	struct collect run;
	int i;

	if (argc != 7 || split_dirs(argv[2], dirs) == 0) {
		fprintf(stderr,
			"dlfm: dlfm-collect is started by the Slurm plugin, see dlfm.so(8)\n");
		return DLFM_EXIT_OWN;
	}
	run = (struct collect){
		.dlfm = argv[1],
		.failed = strtoul(argv[4], NULL, 10),
		.killed = strtoul(argv[5], NULL, 10),
		.timeout = strtoul(argv[6], NULL, 10),
		.unknown = !strchr(argv[3], '.'),
	};
	for (i = 0; dirs[i]; i++)
		collect_store(&run, dirs[i], argv[3]);
	return discard_journals(dirs, argv[3]);
}
