/* SPDX-License-Identifier: BSD-3-Clause */
/* A cache file staged by the command. */
#include <stdlib.h>
#include <unistd.h>

#include "cache-tools/cli/staging.h"
#include "cache-tools/stale.h"

/* Seconds to wait for another process of this node that stages the same cache already. */
enum { WAIT = 60 };

const struct cli_choice cli_stale_choices[] = {
	{"refresh", DLFM_STALE_REFRESH},
	{"drop", DLFM_STALE_DROP},
	{"fail", DLFM_STALE_FAIL},
	{NULL, 0},
};

const char **cli_dirs(const struct cli_list *list)
{
	const char **dirs = list->n ? calloc(list->n + 1, sizeof(*dirs)) : NULL;
	size_t i;

	for (i = 0; dirs && i < list->n; i++)
		dirs[i] = list->items[i];
	return dirs;
}

static int interrupted(void)
{
	return cli_interrupted() != 0;
}

static void tell(const char *cache, enum dlfm_stale policy, const struct dlfm_stale_report *r)
{
	unsigned long n = r->changed + r->gone + r->appeared;

	if (n && !cli_quiet)
		cli_say("%s: %lu of %lu recorded paths changed since, %s: %s%s", cache, n,
			r->checked,
			policy == DLFM_STALE_DROP ? "left to the file system" : "looked up afresh",
			r->first, n > 1 ? " ..." : "");
}

int cli_stage(const struct cli_staging *s, const char *cache, const char *lease,
	      char image[PATH_MAX], struct dlfm_error *e)
{
	const char **dirs = cli_dirs(&s->dirs);
	const struct dlfm_stage_options o = {.dirs = dirs,
					     .lease = lease,
					     .max_size = s->max_size,
					     .wait = WAIT,
					     .keep = 1,
					     .stop = interrupted};
	struct dlfm_stale_report report = {0};
	int fd, rc = -1;

	cli_keep_signals();
	fd = (s->trust ? dlfm_stale_open_trusted : dlfm_stale_open)(cache, s->stale, 0, &report, e);
	if (fd >= 0) {
		tell(cache, s->stale, &report);
		rc = dlfm_stage_descriptor(fd, &o, image, e);
		if (rc < 0)
			dlfm_err_prefix(e, "%s", cache);
		close(fd);
	}
	free(dirs);
	return rc;
}
