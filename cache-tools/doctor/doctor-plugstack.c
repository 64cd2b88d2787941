/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding a plugin in Slurm's plugstack.conf (spank(8), CONFIGURATION). */
#include "config.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/doctor/doctor.h"

enum { MAX_DEPTH = 8 };

struct search {
	const char *plugin_dirs, *name;
	struct doctor_plugin *found;
};

static int search_file(const struct search *s, const char *file, int depth);

/* A relative name in an include is looked for beside the file. */
static int search_included(const struct search *s, const char *file, const char *pattern, int depth)
{
	char whole[2 * PATH_MAX];
	const char *slash = strrchr(file, '/');
	glob_t g;
	size_t i;
	int rc = 0;

	snprintf(whole, sizeof(whole), "%.*s%s",
		 pattern[0] == '/' || !slash ? 0 : (int)(slash + 1 - file), file, pattern);
	if (glob(whole, 0, NULL, &g) != 0)
		return 0;
	for (i = 0; i < g.gl_pathc && !rc; i++)
		rc = search_file(s, g.gl_pathv[i], depth + 1);
	globfree(&g);
	return rc;
}

/* A plugin without a slash is looked for in PluginDir. */
static void resolve(const struct search *s, const char *path)
{
	const char *dir = s->plugin_dirs;
	size_t len;

	snprintf(s->found->path, sizeof(s->found->path), "%s", path);
	if (path[0] == '/')
		return;
	for (; dir && *dir; dir += len + (dir[len] == ':')) {
		len = strcspn(dir, ":");
		snprintf(s->found->path, sizeof(s->found->path), "%.*s/%s", (int)len, dir, path);
		if (access(s->found->path, F_OK) == 0)
			return;
	}
}

static int take_line(const struct search *s, const char *file, char *line, int depth)
{
	char *save = NULL, *flag, *path, *base;

	line[strcspn(line, "#\n")] = 0;
	flag = strtok_r(line, " \t", &save);
	path = flag ? strtok_r(NULL, " \t", &save) : NULL;
	if (!path)
		return 0;
	if (strcmp(flag, "include") == 0)
		return search_included(s, file, path, depth);
	base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	if (strcmp(base, s->name) != 0)
		return 0;
	s->found->required = strcmp(flag, "required") == 0;
	snprintf(s->found->file, sizeof(s->found->file), "%s", file);
	snprintf(s->found->arguments, sizeof(s->found->arguments), "%s", save ? save : "");
	resolve(s, path);
	return 1;
}

static int search_file(const struct search *s, const char *file, int depth)
{
	FILE *f = depth < MAX_DEPTH ? fopen(file, "re") : NULL;
	char *line = NULL;
	size_t size = 0;
	int rc = 0;

	while (f && !rc && getline(&line, &size, f) > 0)
		rc = take_line(s, file, line, depth);
	free(line);
	if (f)
		fclose(f);
	return rc;
}

int doctor_find_plugin(const char *plugstack, const char *plugin_dirs, const char *name,
		       struct doctor_plugin *p)
{
	const struct search s = {plugin_dirs, name, p};

	*p = (struct doctor_plugin){.required = 0};
	return search_file(&s, plugstack, 0);
}
