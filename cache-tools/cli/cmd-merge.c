/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm merge: several caches into one. */
#include "config.h"

#include <stdlib.h>

#include "cache-tools/cli/commands.h"
#include "cache-tools/merge.h"

static const char *output;

static const struct cli_option options[] = {
	{'o', "output", "FILE", "the cache to write (required; may be one of the arguments)",
	 CLI_TEXT, &output, NULL},
	{0},
};

static int merge(struct dlfm_cache_file *files, size_t n, struct dlfm_error *e)
{
	const struct dlfm_cache_file **list = calloc(n + 1, sizeof(*list));
	size_t i;
	int rc;

	if (!list)
		return dlfm_errf(e, "no memory");
	for (i = 0; i < n; i++)
		list[i] = &files[i];
	rc = dlfm_merge(list, n, output, e);
	free(list);
	return rc;
}

static int run(int argc, char **argv)
{
	struct dlfm_cache_file *files = calloc((size_t)argc, sizeof(*files));
	struct dlfm_error e;
	int n, rc = -1;

	if (!output) {
		dlfm_errf(&e, "merge: -o FILE is missing");
		free(files);
		return cli_fail(&e);
	}
	cli_remove_temporaries_on_signals();
	for (n = 0; files && n < argc; n++)
		if (dlfm_cache_open(&files[n], argv[n], &e) < 0)
			break;
	if (!files)
		dlfm_errf(&e, "no memory");
	else if (n == argc)
		rc = merge(files, (size_t)n, &e);
	while (n-- > 0)
		dlfm_cache_close(&files[n]);
	free(files);
	return rc < 0 ? cli_fail(&e) : 0;
}

const struct cli_command cmd_merge = {
	.name = "merge",
	.arguments = "-o FILE CACHE...",
	.summary = "Merges caches into one that answers what any of them answers.",
	.notes = "Where two of them differ, the one that was made later is right. Caches that "
		 "disagree on a link "
		 "or a directory are refused: bring the older one up to date first (dlfm refresh).",
	.options = options,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
