/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm extract: the recorded files, below a directory. */
#include "config.h"

#include <stdio.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/extract.h"

static const char *directory = ".";
static int overwrite, dry_run, verbose;

static const struct cli_option options[] = {
	{'C', "directory", "DIR", "where to (default: here); it must exist", CLI_TEXT, &directory,
	 NULL},
	{0, "overwrite", NULL, "replace files and links that are there", CLI_FLAG, &overwrite,
	 NULL},
	{'n', "dry-run", NULL, "only print the paths", CLI_FLAG, &dry_run, NULL},
	{'v', "verbose", NULL, "print each path", CLI_FLAG, &verbose, NULL},
	{0},
};

static int each(void *arg, const struct dlfm_cache_entry *entry)
{
	(void)arg;
	if (cli_interrupted())
		return -1;
	if (verbose || dry_run) {
		cli_print_path(entry->path);
		putchar('\n');
	}
	return dry_run;
}

static int run(int argc, char **argv)
{
	struct dlfm_patterns patterns = {.items = NULL};
	struct dlfm_extract_options o = {
		.patterns = &patterns, .overwrite = overwrite, .each = each};
	struct dlfm_cache_file f;
	struct dlfm_error e;
	int64_t n;
	int i;

	for (i = 1; i < argc; i++) {
		if (dlfm_patterns_add(&patterns, argv[i]) < 0) {
			dlfm_errf(&e, "no memory");
			return cli_fail(&e);
		}
	}
	if (dlfm_cache_open(&f, argv[0], &e) < 0)
		return cli_fail(&e);
	cli_keep_signals();
	n = dlfm_extract(&f, directory, &o, &e);
	dlfm_cache_close(&f);
	dlfm_patterns_free(&patterns);
	if (n < 0)
		cli_fail(&e);
	cli_end_if_interrupted();
	return n < 0 ? DLFM_EXIT_OWN : 0;
}

const struct cli_command cmd_extract = {
	.name = "extract",
	.arguments = "CACHE [PATTERN...]",
	.summary = "Writes the recorded files, links and directories below a directory.",
	.notes = "Each stands under its original path below DIR. Nothing outside DIR is touched: "
		 "links are "
		 "made as they were recorded, but never followed.",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
