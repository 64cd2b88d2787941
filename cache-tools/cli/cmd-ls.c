/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm ls: the paths of a cache, and what they answer. */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/cli/commands.h"
#include "cache-tools/policy.h"

static int as_json, in_long, all, resolutions;

static const struct cli_option options[] = {
	{'l', "long", NULL, "with kind, mode, size, date and digest of the content", CLI_FLAG,
	 &in_long, NULL},
	{'a', "all", NULL, "also names that are known to be absent", CLI_FLAG, &all, NULL},
	{'r', "resolutions", NULL, "the resolutions instead: who asks for what, and gets what",
	 CLI_FLAG, &resolutions, NULL},
	{0, "json", NULL, "print JSON (schema dlfm.ls/1)", CLI_FLAG, &as_json, NULL},
	{0},
};

static struct dlfm_patterns patterns;

static const char *kind_name(const struct dlfm_cache_entry *entry)
{
	if (!(entry->flags & DLFM_ENTRY_KNOWN))
		return "unknown";
	if (entry->lerr)
		return "absent";
	switch (entry->st.mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	default:
		return "other";
	}
}

static int is_shown(const struct dlfm_cache_entry *entry)
{
	if (!(entry->flags & DLFM_ENTRY_KNOWN) || (entry->lerr && !all))
		return 0;
	return patterns.n == 0 || dlfm_patterns_match(&patterns, entry->path);
}

static void mode_text(char text[11], uint32_t mode)
{
	static const char bits[] = "rwxrwxrwx";
	int i;

	text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '-';
	for (i = 0; i < 9; i++)
		text[1 + i] = mode & (0400u >> i) ? bits[i] : '-';
	text[10] = 0;
}

static void print_long(const struct dlfm_cache *c, const struct dlfm_cache_entry *entry)
{
	char mode[11] = "----------", date[32] = "", digest[DLFM_CACHE_ID_TEXT] = "-";
	time_t t = (time_t)entry->st.mtime.sec;
	struct tm tm;

	if (!entry->lerr) {
		mode_text(mode, entry->st.mode);
		if (gmtime_r(&t, &tm))
			strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	}
	if (entry->content != DLFM_NONE)
		dlfm_digest_text(digest, c->contents[entry->content].digest);
	printf("%-9s %s %12" PRIu64 " %-20s %-32s ", kind_name(entry), mode, entry->st.size, date,
	       digest);
}

static void print_entry(const struct dlfm_cache *c, const struct dlfm_cache_entry *entry)
{
	if (in_long)
		print_long(c, entry);
	cli_print_path(entry->path);
	if (in_long && entry->target) {
		fputs(" -> ", stdout);
		cli_print_path(entry->target);
	}
	putchar('\n');
}

static struct json_object *entry_json(const struct dlfm_cache *c,
				      const struct dlfm_cache_entry *entry)
{
	struct json_object *o = json_object_new_object();
	char text[DLFM_CACHE_ID_TEXT];

	json_object_object_add(o, "path", json_object_new_string(entry->path));
	json_object_object_add(o, "kind", json_object_new_string(kind_name(entry)));
	if (entry->lerr)
		return o;
	json_object_object_add(o, "mode", json_object_new_int64(entry->st.mode & 07777));
	json_object_object_add(o, "size", json_object_new_int64((int64_t)entry->st.size));
	json_object_object_add(o, "mtime", json_object_new_int64(entry->st.mtime.sec));
	if (entry->target)
		json_object_object_add(o, "target", json_object_new_string(entry->target));
	if (entry->flags & DLFM_ENTRY_LISTED)
		json_object_object_add(o, "names", json_object_new_int64(entry->n_names));
	if (entry->content != DLFM_NONE) {
		dlfm_digest_text(text, c->contents[entry->content].digest);
		json_object_object_add(o, "digest", json_object_new_string(text));
	}
	return o;
}

static int list_entries(const struct dlfm_cache *c)
{
	struct json_object *list = as_json ? json_object_new_array() : NULL, *o;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		if (!is_shown(&c->entries[i]))
			continue;
		if (as_json)
			json_object_array_add(list, entry_json(c, &c->entries[i]));
		else
			print_entry(c, &c->entries[i]);
	}
	if (!as_json)
		return 0;
	o = cli_json("ls", 1);
	json_object_object_add(o, "entries", list);
	return cli_json_print(o);
}

static struct json_object *resolution_json(const struct dlfm_cache *c,
					   const struct dlfm_cache_resolution *r)
{
	struct json_object *o = json_object_new_object(), *guards = json_object_new_array();
	uint32_t i;

	for (i = 0; i < r->n_guards; i++)
		json_object_array_add(guards, json_object_new_string(r->guards[i]));
	json_object_object_add(o, "program", json_object_new_string(c->tables[r->table].program));
	json_object_object_add(o, "requester", json_object_new_string(r->requester));
	json_object_object_add(o, "name", json_object_new_string(r->name));
	json_object_object_add(o, "answer", json_object_new_string(r->answer));
	json_object_object_add(o, "guards", guards);
	return o;
}

static int list_resolutions(const struct dlfm_cache *c)
{
	struct json_object *list = as_json ? json_object_new_array() : NULL, *o;
	uint32_t i, g;

	for (i = 0; i < c->n_resolutions; i++) {
		const struct dlfm_cache_resolution *r = &c->resolutions[i];

		if (patterns.n && !dlfm_patterns_match(&patterns, r->requester) &&
		    !dlfm_patterns_match(&patterns, r->answer) &&
		    !dlfm_patterns_have(&patterns, r->name))
			continue;
		if (as_json) {
			json_object_array_add(list, resolution_json(c, r));
			continue;
		}
		cli_printf("%s: %s -> %s", r->requester, r->name, r->answer);
		for (g = 0; g < r->n_guards; g++)
			cli_printf("%s%s", g ? ", " : " (unless there is ", r->guards[g]);
		puts(r->n_guards ? ")" : "");
	}
	if (!as_json)
		return 0;
	o = cli_json("ls", 1);
	json_object_object_add(o, "resolutions", list);
	return cli_json_print(o);
}

static int run(int argc, char **argv)
{
	struct dlfm_cache_file f;
	struct dlfm_error e;
	int rc, i;

	for (i = 1; i < argc; i++) {
		if (dlfm_patterns_add(&patterns, argv[i]) < 0) {
			dlfm_errf(&e, "no memory");
			return cli_fail(&e);
		}
	}
	if (dlfm_cache_open(&f, argv[0], &e) < 0)
		return cli_fail(&e);
	rc = resolutions ? list_resolutions(f.cache) : list_entries(f.cache);
	dlfm_cache_close(&f);
	return rc;
}

const struct cli_command cmd_ls = {
	.name = "ls",
	.arguments = "CACHE [PATTERN...]",
	.summary = "Lists the paths that a cache answers.",
	.notes = "A pattern (as of fnmatch(3); * matches / too) matches a path or a directory "
		 "above it. For "
		 "resolutions it is compared with the requester, the answer and the name.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
