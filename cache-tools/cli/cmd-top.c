/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm top: what costs the most lookups in a recorded run. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/top.h"

enum by { BY_DIRECTORY, BY_FILE, BY_KIND };
enum { DEPTH = 5, LINES = 30, ALL_LEVELS = 4096 };

static int as_json, by;
static uint64_t depth, lines;
static const char *svg;

static const struct cli_choice by_choices[] = {
	{"directory", BY_DIRECTORY},
	{"file", BY_FILE},
	{"kind", BY_KIND},
	{NULL, 0},
};

static const struct cli_option options[] = {
	{0, "by", "directory|file|kind", "sum up by directory (the default), path or kind of file",
	 CLI_CHOICE, &by, by_choices},
	{0, "depth", "N", "show so many levels of directories (default: 5; JSON: all)", CLI_NUMBER,
	 &depth, NULL},
	{'n', "lines", "N", "show so many paths with --by=file (default: 30; JSON: all)",
	 CLI_NUMBER, &lines, NULL},
	{0, "svg", "FILE", "draw the tree of directories, too: a picture for any browser", CLI_TEXT,
	 &svg, NULL},
	{0, "json", NULL, "print JSON (schema dlfm.top/1)", CLI_FLAG, &as_json, NULL},
	{0},
};

/* ---- where the numbers come from ---- */

static int take_journal(void *arg, const struct dlfm_journal_copy *j, struct dlfm_error *e)
{
	return dlfm_history_take(arg, j) < 0 ? dlfm_errf(e, "no memory") : 0;
}

/* Journals do not say how large a file is. */
static void find_sizes(struct dlfm_history *h)
{
	struct stat st;
	uint32_t i;
	/* analyzer: the caller has a history */

	for (i = 0; i < h->n; i++) {
		struct dlfm_history_path *p = &h->paths[i];

		if (!(p->flags & DLFM_HISTORY_OPENED) || p->size || stat(p->path, &st) < 0)
			continue;
		if (S_ISREG(st.st_mode))
			p->size = (uint64_t)st.st_size;
		else if (S_ISDIR(st.st_mode))
			p->flags |= DLFM_HISTORY_DIRECTORY;
	}
}

static int add_journals(struct dlfm_history *h, const char *dir, struct dlfm_error *e)
{
	int n = dlfm_journal_each(dir, take_journal, h, e);

	if (n == 0)
		return dlfm_errf(e,
				 "%s: there is no journal in it; name a cache, or what dlfm record "
				 "--keep-journal left",
				 dir);
	find_sizes(h);
	return n < 0 ? -1 : 0;
}

static int add_cache(struct dlfm_history *h, const char *name, struct dlfm_error *e)
{
	struct dlfm_history *one = NULL;
	struct dlfm_cache_file f;
	int rc = -1;

	if (dlfm_cache_open(&f, name, e) < 0)
		return -1;
	if (f.cache->history)
		one = dlfm_history_read(f.cache->history, e);
	else
		dlfm_errf(e, "it does not hold what was looked up how often; record it anew, "
			     "without --no-history");
	if (one)
		rc = dlfm_history_merge(h, one) < 0 ? dlfm_errf(e, "no memory") : 0;
	if (rc < 0)
		dlfm_err_prefix(e, "%s", name);
	dlfm_history_free(one);
	dlfm_cache_close(&f);
	return rc;
}

static struct dlfm_history *read_all(int argc, char **argv, struct dlfm_error *e)
{
	struct dlfm_history *h = dlfm_history_new();
	struct stat st;
	int i, rc = h ? 0 : dlfm_errf(e, "no memory");

	for (i = 0; i < argc && rc == 0; i++) {
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			rc = add_journals(h, argv[i], e);
		else
			rc = add_cache(h, argv[i], e);
	}
	if (rc == 0)
		return h;
	dlfm_history_free(h);
	return NULL;
}

/* ---- what is shown ---- */

static int print_json(const struct dlfm_history *h, const struct top_tree *t)
{
	struct json_object *o = cli_json("top", 1);
	const struct top_sum *all = &t->nodes[0].sum;

	json_object_object_add(o, "lookups", json_object_new_int64((int64_t)all->lookups));
	json_object_object_add(o, "failed", json_object_new_int64((int64_t)all->failed));
	json_object_object_add(o, "bytes", json_object_new_int64((int64_t)all->bytes));
	if (by == BY_FILE)
		json_object_object_add(o, "files", top_files_json(h, lines ? lines : UINT64_MAX));
	else if (by == BY_KIND)
		json_object_object_add(o, "kinds", top_kinds_json(h));
	else
		json_object_object_add(o, "tree",
				       top_tree_json(t, 0, depth ? (unsigned)depth : ALL_LEVELS));
	return cli_json_print(o);
}

static void print_text(const struct dlfm_history *h, const struct top_tree *t)
{
	const uint64_t all = t->nodes[0].sum.lookups;

	if (by == BY_FILE)
		top_print_files(h, lines ? lines : LINES, all);
	else if (by == BY_KIND)
		top_print_kinds(h, all);
	else
		top_print_tree(t, depth ? (unsigned)depth : DEPTH);
}

static int show(const struct dlfm_history *h, const char *title, struct dlfm_error *e)
{
	struct top_tree t;
	int rc = 0;

	if (top_tree_make(&t, h) < 0)
		rc = dlfm_errf(e, "no memory for the tree of directories");
	else if (svg)
		rc = top_svg(&t, svg, title, e);
	if (rc == 0 && as_json)
		rc = print_json(h, &t);
	else if (rc == 0)
		print_text(h, &t);
	top_tree_free(&t);
	return rc;
}

static int run(int argc, char **argv)
{
	struct dlfm_history *h;
	struct dlfm_error e;
	int rc;

	if (depth > ALL_LEVELS)
		depth = ALL_LEVELS;
	cli_remove_temporaries_on_signals();
	h = read_all(argc, argv, &e);
	rc = h ? show(h, argv[0], &e) : -1;
	dlfm_history_free(h);
	return rc < 0 ? cli_fail(&e) : rc;
}

const struct cli_command cmd_top = {
	.name = "top",
	.arguments = "CACHE|JOURNALS...",
	.summary = "Shows which directories and files cost the most lookups in a recorded run.",
	.notes =
		"What is counted are the requests that the run would make without DLFM, in all its "
		"processes: each stat, open, readlink and listing, and each file that ld.so tries. "
		"Of a cache that several recordings went into (dlfm merge) the largest number "
		"counts, path by path. JOURNALS is a directory that dlfm record --keep-journal "
		"left.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
