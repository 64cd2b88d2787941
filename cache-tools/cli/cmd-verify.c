/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm verify: is a cache whole, and does it still tell the truth? */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <unistd.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/cli/commands.h"
#include "cache-tools/stale.h"

static int as_json, against_files, quiet;

static const struct cli_option options[] = {
	{'f', "against-files", NULL, "also compare with the files as they are now", CLI_FLAG,
	 &against_files, NULL},
	{0, "json", NULL, "print JSON (schema dlfm.verify/1)", CLI_FLAG, &as_json, NULL},
	{'q', "quiet", NULL, "say nothing but errors", CLI_FLAG, &quiet, NULL},
	{0},
};

struct result {
	uint64_t contents, bytes;
	struct json_object *stale; /* NULL: text is printed */
	struct dlfm_error e;
};

static int verify_contents(const char *name, struct result *r)
{
	struct dlfm_cache_file f;
	uint32_t i;
	int rc = 0;

	if (dlfm_cache_open(&f, name, &r->e) < 0)
		return -1;
	for (i = 0; i < f.cache->n_contents && rc == 0; i++) {
		cli_progress(name, r->bytes, f.cache->header.contents_size);
		rc = dlfm_cache_read_content(&f, i, NULL, NULL, &r->e);
		r->bytes += f.cache->contents[i].size;
	}
	r->contents = f.cache->n_contents;
	cli_progress_end();
	dlfm_cache_close(&f);
	return rc;
}

static void tell_stale(void *arg, const char *path, const char *what, const char *why)
{
	struct result *r = arg;
	struct json_object *o;

	if (!r->stale) {
		if (!quiet)
			cli_printf("%s: %s: %s\n", what, path, why);
		return;
	}
	o = json_object_new_object();
	json_object_object_add(o, "path", json_object_new_string(path));
	json_object_object_add(o, "state", json_object_new_string(what));
	json_object_object_add(o, "why", json_object_new_string(why));
	json_object_array_add(r->stale, o);
}

static int verify(const char *name, struct result *r)
{
	const struct dlfm_stale_listener listener = {tell_stale, r};
	const struct dlfm_stale_options o = {.policy = DLFM_STALE_FAIL, .listener = &listener};
	int fd;

	if (verify_contents(name, r) < 0)
		return -1;
	if (!against_files)
		return 0;
	fd = dlfm_stale_open_with(name, &o, NULL, &r->e);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static struct json_object *result_json(const char *name, const struct result *r, int ok)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "file", json_object_new_string(name));
	json_object_object_add(o, "ok", json_object_new_boolean(ok));
	if (!ok)
		json_object_object_add(o, "error", json_object_new_string(r->e.text));
	json_object_object_add(o, "contents", json_object_new_int64((int64_t)r->contents));
	json_object_object_add(o, "bytes", json_object_new_int64((int64_t)r->bytes));
	if (against_files)
		json_object_object_add(o, "stale", r->stale);
	else
		json_object_put(r->stale);
	return o;
}

static int run(int argc, char **argv)
{
	struct json_object *list = as_json ? json_object_new_array() : NULL, *o;
	int i, status = 0;
	char size[16];

	cli_quiet = quiet;
	for (i = 0; i < argc; i++) {
		struct result r = {.stale = as_json ? json_object_new_array() : NULL};
		int ok = verify(argv[i], &r) == 0;

		if (!ok)
			status = cli_fail(&r.e);
		if (as_json)
			json_object_array_add(list, result_json(argv[i], &r, ok));
		else if (ok && !quiet)
			printf("%s: whole%s, %" PRIu64 " contents, %s\n", argv[i],
			       against_files ? " and true" : "", r.contents,
			       cli_size(size, r.bytes));
	}
	if (!as_json)
		return status;
	o = cli_json("verify", 1);
	json_object_object_add(o, "results", list);
	i = cli_json_print(o);
	return status ? status : i;
}

const struct cli_command cmd_verify = {
	.name = "verify",
	.arguments = "CACHE...",
	.summary = "Checks every digest of a cache, and on demand the files that it stands for.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
