/* SPDX-License-Identifier: BSD-3-Clause */
/* What kind of lookups cost how much; and the single paths, the dearest first. */
#include "config.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/cli/top.h"

const char *const top_kind_names[TOP_KINDS] = {
	[TOP_SEARCHED] = "libraries, searched by ld.so",
	[TOP_LIBRARY] = "libraries, looked up by programs",
	[TOP_PYTHON] = "Python files",
	[TOP_DIRECTORY] = "directories",
	[TOP_OTHER] = "other files and names",
};

const char *const top_kind_keys[TOP_KINDS] = {
	[TOP_SEARCHED] = "ld.so",      [TOP_LIBRARY] = "library", [TOP_PYTHON] = "python",
	[TOP_DIRECTORY] = "directory", [TOP_OTHER] = "other",
};

static int matches(const char *name, const char *const *patterns)
{
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return 1;
	return 0;
}

enum top_kind top_kind_of(const struct dlfm_history_path *p)
{
	static const char *const libraries[] = {"*.so", "*.so.*", NULL};
	static const char *const python[] = {
		"*.py",		  "*.pyc",  "*.pyc.*", "*.pyi",	      "*.pth", "pyvenv.cfg",
		"pybuilddir.txt", "*._pth", "*.egg*",  "python*.zip", NULL};
	const char *slash = strrchr(p->path, '/'), *name = slash ? slash + 1 : p->path;

	if (p->flags & DLFM_HISTORY_LD)
		return TOP_SEARCHED;
	if (p->flags & DLFM_HISTORY_DIRECTORY)
		return TOP_DIRECTORY;
	if (matches(name, libraries))
		return TOP_LIBRARY;
	return matches(name, python) ? TOP_PYTHON : TOP_OTHER;
}

void top_kinds(const struct dlfm_history *h, struct top_sum sums[TOP_KINDS])
{
	uint32_t i;

	memset(sums, 0, TOP_KINDS * sizeof(*sums));
	for (i = 0; i < h->n; i++)
		if (h->paths[i].lookups || h->paths[i].size)
			top_add(&sums[top_kind_of(&h->paths[i])], &h->paths[i]);
}

static int most_first(const void *a, const void *b)
{
	const struct dlfm_history_path *x = *(const struct dlfm_history_path *const *)a,
				       *y = *(const struct dlfm_history_path *const *)b;

	if (x->lookups != y->lookups)
		return x->lookups > y->lookups ? -1 : 1;
	return strcmp(x->path, y->path);
}

const struct dlfm_history_path **top_files(const struct dlfm_history *h)
{
	const struct dlfm_history_path **list = calloc((size_t)h->n + 1, sizeof(*list));
	uint32_t i;

	for (i = 0; list && i < h->n; i++)
		list[i] = &h->paths[i];
	if (list && h->n)
		qsort(list, h->n, sizeof(*list), most_first);
	return list;
}
