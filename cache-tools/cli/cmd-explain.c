/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm explain: how a path or a library is answered, and why not from memory. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/cli/explain.h"

static int as_json;

static const struct cli_option options[] = {
	{0, "json", NULL, "print JSON (schema dlfm.explain/1)", CLI_FLAG, &as_json, NULL},
	{0},
};

/* ---- text ---- */

static const char *get(struct json_object *o, const char *key)
{
	struct json_object *value;

	return json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) : NULL;
}

/* For what always is there. */
static const char *text(struct json_object *o, const char *key)
{
	const char *value = get(o, key);

	return value ? value : "";
}

static size_t length(struct json_object *o, const char *key)
{
	struct json_object *list;

	return json_object_object_get_ex(o, key, &list) ? json_object_array_length(list) : 0;
}

static void line(const char *label, const char *value, const char *more)
{
	if (!value)
		return;
	printf("  %-12s ", label);
	cli_print_path(value);
	if (more)
		printf(": %s", more);
	putchar('\n');
}

static void print_searches(struct json_object *o)
{
	struct json_object *list, *r, *guards;
	size_t i, g, n = length(o, "resolutions");

	if (n == 0)
		return;
	json_object_object_get_ex(o, "resolutions", &list);
	puts("  searches of ld.so that are answered at once (resolution tier):");
	for (i = 0; i < n; i++) {
		r = json_object_array_get_idx(list, i);
		printf("    %s asks for %s\n      finds %s (%s)\n", text(r, "requester"),
		       text(r, "name"), text(r, "found"), text(r, "answered"));
		if (get(r, "program"))
			printf("      in %s with LD_LIBRARY_PATH %s\n", get(r, "program"),
			       get(r, "ld_library_path") ? get(r, "ld_library_path") : "unset");
		json_object_object_get_ex(r, "unless_there_is", &guards);
		for (g = 0; g < json_object_array_length(guards); g++)
			printf("      unless there is %s\n",
			       json_object_get_string(json_object_array_get_idx(guards, g)));
		if (get(r, "why_not"))
			printf("      not used on this node: %s\n", get(r, "why_not"));
	}
}

static void print_candidates(struct json_object *o)
{
	struct json_object *list, *one;
	size_t i, n = length(o, "candidates");

	if (n == 0)
		return;
	json_object_object_get_ex(o, "candidates", &list);
	puts("  paths that ld.so tried in the recorded run; without a search above each is "
	     "answered (path tier):");
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(list, i);
		printf("    %s (%s)\n", text(one, "path"), text(one, "answered"));
	}
}

static const char *now_in_words(const char *now)
{
	if (!now || strcmp(now, "unchanged") == 0)
		return now;
	if (strcmp(now, "gone") == 0)
		return "gone since; staging sees that and answers so, or leaves it to the file "
		       "system";
	if (strcmp(now, "appeared") == 0)
		return "it is there now; staging sees that and leaves it to the file system";
	return "changed since; staging sees that and looks it up afresh, or leaves it to the file "
	       "system";
}

static void print_path(struct json_object *o)
{
	const char *answer = text(o, "answer"), *kind = get(o, "kind");
	struct json_object *r;

	if (strcmp(answer, "present") == 0)
		line("answered", "from memory: it exists", kind);
	else if (strcmp(answer, "absent") == 0)
		line("answered", "from memory: it does not exist", get(o, "error"));
	else
		line("answered", "by the file system", NULL);
	line("why", get(o, "why"), NULL);
	line("what to do", get(o, "advice"), NULL);
	line("covered by", get(o, "covered_by"), get(o, "cover"));
	line("link to", get(o, "target"), NULL);
	line("leads to", get(o, "canonical"), NULL);
	line("attributes", get(o, "attributes_text"), NULL);
	line("layer fm", get(o, "fm"), NULL);
	line("layer dl", get(o, "dl"), NULL);
	if (json_object_object_get_ex(o, "recorded", &r))
		printf("  %-12s looked up %s times, %s of them failed\n", "recorded",
		       get(r, "lookups"), get(r, "failed"));
	line("on disk", now_in_words(get(o, "now")), NULL);
}

static void print_text(struct json_object *o, const char *source)
{
	const char *name = get(o, "path") ? get(o, "path") : get(o, "soname");

	cli_print_path(name);
	printf(" (in %s)\n", source);
	if (get(o, "path"))
		print_path(o);
	else if (length(o, "resolutions") == 0)
		line("searches",
		     "none is answered at once: those of the run did not end at a "
		     "library whose place is sure, or nobody asked",
		     NULL);
	print_searches(o);
	print_candidates(o);
	json_object_put(o);
}

/* ---- the question ---- */

static int make_absolute(const char *name, char path[PATH_MAX], struct dlfm_error *e)
{
	char cwd[PATH_MAX] = "";
	int n;

	if (name[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return dlfm_errnof(e, "the working directory is not known");
	n = snprintf(path, PATH_MAX, "%s%s%s", cwd, name[0] == '/' ? "" : "/", name);
	if (n < 0 || n >= PATH_MAX)
		return dlfm_errf(e, "%.100s...: the path is too long", name);
	while (n > 1 && path[n - 1] == '/')
		path[--n] = 0;
	return 0;
}

/* A bare name is a library's, unless it is that of a file here. */
static int is_soname(const char *name)
{
	return !strchr(name, '/') && strstr(name, ".so") && access(name, F_OK) < 0;
}

static int explain(struct explain_source *s, const char *name, struct json_object *o,
		   struct dlfm_error *e)
{
	char path[PATH_MAX];

	if (is_soname(name)) {
		if (explain_soname(s, name, o) == 0)
			return dlfm_errf(e,
					 "%s: the recorded run did not ask for a library of this "
					 "name; dlfm ls -r %s lists the others",
					 name, s->is_image ? "CACHE" : s->name);
		return 0;
	}
	if (make_absolute(name, path, e) < 0)
		return -1;
	explain_path(s, path, o);
	return 0;
}

static int run(int argc, char **argv)
{
	struct json_object *o = cli_json("explain", 1);
	struct explain_source s;
	struct dlfm_error e;
	int rc;

	rc = explain_open(&s, argc > 1 ? argv[1] : NULL, &e);
	if (rc == 0) {
		explain_put(o, s.is_image ? "image" : "cache", "%s", s.name);
		rc = explain(&s, argv[0], o, &e);
	}
	if (rc < 0) {
		json_object_put(o);
		rc = cli_fail(&e);
	} else if (as_json) {
		rc = cli_json_print(o);
	} else {
		print_text(o, s.name);
	}
	explain_close(&s);
	return rc;
}

const struct cli_command cmd_explain = {
	.name = "explain",
	.arguments = "PATH|SONAME [CACHE]",
	.summary = "Tells how a path or a library is answered, and why it is not from memory.",
	.notes =
		"CACHE is a cache file, or the directory of a node image. Without it: the image of "
		"the replay in which the command runs, or the only one that is staged on this "
		"node; an image does not say why a path was left out, its cache does.\n"
		"A name with .so in it and no slash is a library's: who asks for it, and what each "
		"gets.",
	.options = options,
	.min_args = 1,
	.max_args = 2,
	.run = run,
};
