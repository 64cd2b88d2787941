/* SPDX-License-Identifier: BSD-3-Clause */
/* What replay and stage have in common: their options, and a cache file staged by them. */
#ifndef DLFM_CLI_STAGING_H
#define DLFM_CLI_STAGING_H

#include "cache-tools/cli/cli.h"
#include "cache-tools/job-option.h"
#include "cache-tools/stage.h"

struct cli_staging {
	struct cli_list dirs;
	uint64_t max_size;
	int stale; /* enum dlfm_stale */
	int trust;
};

extern const struct cli_choice cli_stale_choices[];

/* Entries of an option table for a struct cli_staging. */
#define CLI_STAGING_OPTIONS(s)                                                                     \
	{.letter = 'd',                                                                            \
	 .name = "dir",                                                                            \
	 .argument = "DIR",                                                                        \
	 .help = "stage below DIR; may be given several times, the first that will do is taken "   \
		 "(default: /dev/shm, $TMPDIR, /tmp)",                                             \
	 .kind = CLI_LIST,                                                                         \
	 .value = &(s).dirs},                                                                      \
		{.name = "max-size",                                                               \
		 .argument = "SIZE",                                                               \
		 .help = "refuse an image that may need more",                                     \
		 .kind = CLI_NUMBER,                                                               \
		 .value = &(s).max_size},                                                          \
		{.name = "stale",                                                                  \
		 .argument = "refresh|drop|fail",                                                  \
		 .help = "what to do about recorded files that changed since: look them up "       \
			 "afresh (default), leave them to the file system, or refuse the cache",   \
		 .kind = CLI_CHOICE,                                                               \
		 .value = &(s).stale,                                                              \
		 .choices = cli_stale_choices},                                                    \
	{                                                                                          \
		.name = "trust",                                                                   \
		.help = "use the cache even if others can write it or it belongs to another user", \
		.kind = CLI_FLAG, .value = &(s).trust                                              \
	}

/* The directories as stage.h wants them (malloced; NULL: the defaults, or no memory). */
const char **cli_dirs(const struct cli_list *list);

/* Is the cache true, and on this node? Tells of what was stale. Returns 0 with the image, or -1 with a text.
 * From then on signals are kept, for cli_interrupted(). */
int cli_stage(const struct cli_staging *s, const char *cache, const char *lease,
	      char image[PATH_MAX], struct dlfm_error *e);

#endif
