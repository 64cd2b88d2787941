/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm refresh: brings a cache up to date with the files that it stands for. */
#include "config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-lock.h"
#include "cache-tools/cli/commands.h"
#include "cache-tools/file-io.h"
#include "cache-tools/stale.h"
#include "cache-tools/temporary.h"

static const char *output;
static int drop, quiet;

static const struct cli_option options[] = {
	{'o', "output", "FILE", "write the new cache there (default: replace the old one)",
	 CLI_TEXT, &output, NULL},
	{0, "drop", NULL, "take out what changed, instead of looking it up afresh", CLI_FLAG, &drop,
	 NULL},
	{'q', "quiet", NULL, "say nothing but errors", CLI_FLAG, &quiet, NULL},
	{0},
};

/* Copies a whole cache from a descriptor to its place, at once or not at all. */
static int place(int from, const char *name, struct dlfm_error *e)
{
	struct dlfm_stretch whole = {.from = from};
	struct dlfm_temporary t;
	struct stat st;

	if (dlfm_temporary_open(&t, name, 0644, e) < 0)
		return -1;
	whole.to = t.fd;
	if (fstat(from, &st) == 0)
		whole.size = (uint64_t)st.st_size;
	if (whole.size == 0 || dlfm_copy_stretch(&whole) < 0) {
		dlfm_errnof(e, "%s: cannot be written", name);
		dlfm_temporary_abort(&t);
		return -1;
	}
	return dlfm_temporary_commit(&t, e);
}

static void tell(void *arg, const char *path, const char *what, const char *why)
{
	(void)arg;
	if (!quiet)
		cli_printf("%s: %s: %s\n", what, path, why);
}

static int run(int argc, char **argv)
{
	const struct dlfm_stale_listener listener = {.tell = tell};
	const struct dlfm_stale_options o = {.policy = drop ? DLFM_STALE_DROP : DLFM_STALE_REFRESH,
					     .thorough = 1,
					     .listener = &listener};
	struct dlfm_stale_report r = {0};
	struct dlfm_cache_lock lock = {.fd = -1};
	const char *name = output ? output : argv[0];
	struct dlfm_error e;
	int fd, rc = 0, is_stale;

	(void)argc;
	cli_remove_temporaries_on_signals();
	if (dlfm_temporary_check(name, &e) < 0)
		return cli_fail(&e);
	/* in place: what a job learns meanwhile must not be undone */
	if (!output && dlfm_cache_lock(&lock, name, &e) < 0)
		return cli_fail(&e);
	fd = dlfm_stale_open_with(argv[0], &o, &r, &e);
	if (fd < 0) {
		dlfm_cache_unlock(&lock);
		return cli_fail(&e);
	}
	is_stale = r.changed + r.gone + r.appeared > 0;
	if (!r.kept || output)
		rc = place(fd, name, &e);
	close(fd);
	dlfm_cache_unlock(&lock);
	if (rc < 0)
		return cli_fail(&e);
	if (!quiet)
		printf("%s: %lu paths checked, %lu changed, %lu gone, %lu appeared%s\n", name,
		       r.checked, r.changed, r.gone, r.appeared, is_stale ? "" : ": up to date");
	return 0;
}

const struct cli_command cmd_refresh = {
	.name = "refresh",
	.arguments = "CACHE",
	.summary = "Brings a cache up to date with the files that it stands for.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
