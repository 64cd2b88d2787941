/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm diff: what two caches answer differently. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/cli/commands.h"

enum { SAME = 0, DIFFERENT = 1 };

static int as_json, quiet;

static const struct cli_option options[] = {
	{0, "json", NULL, "print JSON (schema dlfm.diff/1)", CLI_FLAG, &as_json, NULL},
	{'q', "quiet", NULL, "only the exit status", CLI_FLAG, &quiet, NULL},
	{0},
};

struct comparison {
	const struct dlfm_cache *old, *new;
	struct json_object *list; /* of --json */
	int different;
};

static void tell(struct comparison *x, char sign, const char *what, const char *path,
		 const char *how)
{
	struct json_object *o;

	x->different = 1;
	if (quiet)
		return;
	if (!as_json) {
		printf("%c ", sign);
		cli_print_path(path);
		printf("%s%s%s\n", *how ? " (" : "", how, *how ? ")" : "");
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "change",
			       json_object_new_string(sign == '-'   ? "removed"
						      : sign == '+' ? "added"
								    : "changed"));
	json_object_object_add(o, "what", json_object_new_string(what));
	json_object_object_add(o, "name", json_object_new_string(path));
	if (*how)
		json_object_object_add(o, "how", json_object_new_string(how));
	json_object_array_add(x->list, o);
}

/* ---- entries ---- */

static int same_names(const struct dlfm_cache_entry *a, const struct dlfm_cache_entry *b)
{
	uint32_t i;

	if (a->n_names != b->n_names)
		return 0;
	for (i = 0; i < a->n_names; i++)
		if (strcmp(a->names[i].name, b->names[i].name) != 0)
			return 0;
	return 1;
}

static int same_content(const struct comparison *x, const struct dlfm_cache_entry *a,
			const struct dlfm_cache_entry *b)
{
	if (a->content == DLFM_NONE || b->content == DLFM_NONE)
		return a->content == b->content;
	return memcmp(x->old->contents[a->content].digest, x->new->contents[b->content].digest,
		      DLFM_DIGEST_SIZE) == 0;
}

static int same_target(const struct dlfm_cache_entry *a, const struct dlfm_cache_entry *b)
{
	return strcmp(a->target ? a->target : "", b->target ? b->target : "") == 0;
}

/* In what two entries of a path differ, "" if they say the same. (Numbers of inodes and dates of access do not count.) */
static const char *difference(const struct comparison *x, const struct dlfm_cache_entry *a,
			      const struct dlfm_cache_entry *b)
{
	if (a->lerr != b->lerr)
		return a->lerr == 0 ? "absent now" : b->lerr == 0 ? "there now" : "another error";
	if (a->err != b->err || !same_target(a, b))
		return "leads elsewhere";
	if ((a->st.mode & S_IFMT) != (b->st.mode & S_IFMT))
		return "another kind";
	if (!same_content(x, a, b))
		return a->content == DLFM_NONE	 ? "content added"
		       : b->content == DLFM_NONE ? "content removed"
						 : "content";
	if (S_ISREG(a->st.mode) && a->st.size != b->st.size)
		return "size";
	if (a->st.mtime.sec != b->st.mtime.sec || a->st.mtime.nsec != b->st.mtime.nsec)
		return "date";
	if (a->st.mode != b->st.mode || a->st.uid != b->st.uid || a->st.gid != b->st.gid)
		return "mode or owner";
	if ((a->flags ^ b->flags) & DLFM_ENTRY_LISTED)
		return a->flags & DLFM_ENTRY_LISTED ? "listing removed" : "listing added";
	return same_names(a, b) ? "" : "listing";
}

static int is_known(const struct dlfm_cache *c, uint32_t i)
{
	return i < c->n_entries && (c->entries[i].flags & DLFM_ENTRY_KNOWN);
}

/* Both are sorted: a merge. */
static void compare_entries(struct comparison *x)
{
	const struct dlfm_cache *a = x->old, *b = x->new;
	uint32_t i = 0, j = 0;

	while (i < a->n_entries || j < b->n_entries) {
		int order = i == a->n_entries	? 1
			    : j == b->n_entries ? -1
						: strcmp(a->entries[i].path, b->entries[j].path);
		int in_a = order <= 0 && is_known(a, i), in_b = order >= 0 && is_known(b, j);
		const char *how;

		if (in_a && in_b) {
			how = difference(x, &a->entries[i], &b->entries[j]);
			if (*how)
				tell(x, '!', "path", a->entries[i].path, how);
		} else if (in_a) {
			tell(x, '-', "path", a->entries[i].path,
			     a->entries[i].lerr ? "absent" : "");
		} else if (in_b) {
			tell(x, '+', "path", b->entries[j].path,
			     b->entries[j].lerr ? "absent" : "");
		}
		i += order <= 0;
		j += order >= 0;
	}
}

/* ---- resolutions ---- */

static int find_table(const struct dlfm_cache *c, uint64_t fingerprint)
{
	uint32_t i;

	for (i = 0; i < c->n_tables; i++)
		if (c->tables[i].fingerprint == fingerprint)
			return (int)i;
	return -1;
}

/* The same question in the other cache; resolutions are sorted by table, requester and name. */
static const struct dlfm_cache_resolution *find(const struct dlfm_cache *c, int table,
						const struct dlfm_cache_resolution *r)
{
	uint32_t low = 0, high = c->n_resolutions;

	while (table >= 0 && low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct dlfm_cache_resolution *m = &c->resolutions[middle];
		int d = m->table != (uint32_t)table ? (m->table < (uint32_t)table ? -1 : 1)
						    : strcmp(m->requester, r->requester);

		if (d == 0)
			d = strcmp(m->name, r->name);
		if (d == 0)
			return m;
		if (d < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void tell_resolution(struct comparison *x, char sign, const struct dlfm_cache_resolution *r,
			    const char *how)
{
	char text[2 * 4096 + 300];

	snprintf(text, sizeof(text), "%s: %s -> %s", r->requester, r->name, r->answer);
	tell(x, sign, "resolution", text, how);
}

static void compare_resolutions(struct comparison *x)
{
	const struct dlfm_cache *a = x->old, *b = x->new;
	const struct dlfm_cache_resolution *other;
	uint32_t i;

	for (i = 0; i < a->n_resolutions; i++) {
		const struct dlfm_cache_resolution *r = &a->resolutions[i];

		other = find(b, find_table(b, a->tables[r->table].fingerprint), r);
		if (!other)
			tell_resolution(x, '-', r, "");
		else if (strcmp(other->answer, r->answer) != 0)
			tell_resolution(x, '!', r, other->answer);
	}
	for (i = 0; i < b->n_resolutions; i++) {
		const struct dlfm_cache_resolution *r = &b->resolutions[i];

		if (!find(a, find_table(a, b->tables[r->table].fingerprint), r))
			tell_resolution(x, '+', r, "");
	}
}

static int run(int argc, char **argv)
{
	struct dlfm_cache_file old, new;
	struct comparison x = {.different = 0};
	struct dlfm_error e;
	struct json_object *o;

	(void)argc;
	if (dlfm_cache_open(&old, argv[0], &e) < 0)
		return cli_fail(&e);
	if (dlfm_cache_open(&new, argv[1], &e) < 0) {
		dlfm_cache_close(&old);
		return cli_fail(&e);
	}
	x.old = old.cache;
	x.new = new.cache;
	x.list = as_json ? json_object_new_array() : NULL;
	compare_entries(&x);
	compare_resolutions(&x);
	dlfm_cache_close(&old);
	dlfm_cache_close(&new);
	if (as_json) {
		o = cli_json("diff", 1);
		json_object_object_add(o, "changes", x.list);
		if (cli_json_print(o) != 0)
			return DLFM_EXIT_OWN;
	}
	return x.different ? DIFFERENT : SAME;
}

const struct cli_command cmd_diff = {
	.name = "diff",
	.arguments = "CACHE CACHE",
	.summary = "Tells what the second cache answers otherwise than the first.",
	.notes = "- only the first has it, + only the second, ! they differ, and in what.\n"
		 "The exit status is 0 if they answer the same, 1 if they do not, 125 on trouble.",
	.options = options,
	.min_args = 2,
	.max_args = 2,
	.run = run,
};
