/* SPDX-License-Identifier: BSD-3-Clause */
/* What is gathered, and the names beside the target. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spank-plugin/gathering.h"

int gathering_wanted(const struct dlfm_job_option *o)
{
	return o->mode == DLFM_MODE_RECORD || o->report || o->learn;
}

const char *gathering_target(const struct dlfm_job_option *o)
{
	return o->mode == DLFM_MODE_RECORD || o->learn ? o->file : o->report_file;
}

int gathering_parts(const struct ticket *t, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s.%u.%u.parts", gathering_target(&t->option), t->job,
			 t->step);

	return n < PATH_MAX ? 0 : -1;
}

int gathering_make_parts(const char *path, struct dlfm_error *e)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return dlfm_errnof(e, "cannot make %s for the journals", path);
	if (lstat(path, &st) < 0)
		return dlfm_errnof(e, "%s", path);
	if (S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022))
		return 0;
	return dlfm_errf(e,
			 "%s is there, and is not a directory of yours that only you can write: "
			 "journals are not gathered in it; remove it",
			 path);
}

int gathering_log(const struct ticket *t, char path[PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s.log", gathering_target(&t->option)) < PATH_MAX ? 0 : -1;
}

static int ask_server(const char *path)
{
#ifdef AT_STATX_FORCE_SYNC
	struct statx st;

	return statx(AT_FDCWD, path, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &st);
#else
	struct stat st;

	return stat(path, &st);
#endif
}

int gathering_look_afresh(const char *path)
{
	char parent[PATH_MAX];
	char *slash;

	if (strlen(path) < sizeof(parent)) {
		strcpy(parent, path);
		slash = strrchr(parent, '/');
		if (slash && slash > parent) {
			*slash = '\0';
			ask_server(
				parent); /* by its change the client knows which names to look up anew */
		}
	}
	if (ask_server(path) == 0)
		return 0;
	if (errno == ESTALE)
		errno = ENOENT;
	return -1;
}
