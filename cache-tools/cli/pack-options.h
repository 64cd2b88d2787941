/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of packing, which record and pack share. */
#ifndef DLFM_CLI_PACK_OPTIONS_H
#define DLFM_CLI_PACK_OPTIONS_H

#include "cache-tools/cli/cli.h"
#include "cache-tools/pack.h"

struct cli_pack {
	const char *output;
	const char *policy_file;
	int scope; /* enum dlfm_scope; DLFM_SCOPE_DEFAULT: as the policy says */
	struct cli_list include, exclude;
	int no_history, verbose, quiet;
};
extern struct cli_pack cli_pack;

/* For the option tables. */
#define CLI_PACK_OPTIONS                                                                             \
	{'o',	   "output",	     "FILE", "the cache to write (default: cache.dat)",              \
	 CLI_TEXT, &cli_pack.output, NULL},                                                          \
		{0,                                                                                  \
		 "scope",                                                                            \
		 "shared|all",                                                                       \
		 "which files' contents are stored: those on file systems that nodes share (the "    \
		 "default), or all but /tmp, /run and the like",                                     \
		 CLI_CHOICE,                                                                         \
		 &cli_pack.scope,                                                                    \
		 cli_scopes},                                                                        \
		{0,                                                                                  \
		 "include",                                                                          \
		 "PATTERN",                                                                          \
		 "store what was looked up and matches, whatever it is and lies on (several "        \
		 "times)",                                                                           \
		 CLI_LIST,                                                                           \
		 &cli_pack.include,                                                                  \
		 NULL},                                                                              \
		{0,	   "exclude",	      "PATTERN", "never store what matches (several times)", \
		 CLI_LIST, &cli_pack.exclude, NULL},                                                 \
		{0,	   "policy",                                                                 \
		 "FILE",   "a JSON file with all that, see dlfm(1)",                                 \
		 CLI_TEXT, &cli_pack.policy_file,                                                    \
		 NULL},                                                                              \
		{0,                                                                                  \
		 "no-history",                                                                       \
		 NULL,                                                                               \
		 "do not store what was looked up how often (for dlfm top and dlfm explain)",        \
		 CLI_FLAG,                                                                           \
		 &cli_pack.no_history,                                                               \
		 NULL},                                                                              \
		{'v',	    "verbose",                                                               \
		 NULL,	    "say what is stored; twice: which paths are not, and why",               \
		 CLI_COUNT, &cli_pack.verbose,                                                       \
		 NULL},                                                                              \
	{                                                                                            \
		'q', "quiet", NULL, "say nothing but errors", CLI_FLAG, &cli_pack.quiet, NULL        \
	}

extern const struct cli_choice cli_scopes[];

/*
 * Packs journals as the options say, with progress, and says what came of it. `command` may be NULL. 0, or -1 with
 * a text.
 */
int cli_do_pack(const char *const *dirs, size_t n_dirs, const char *command, int partial,
		struct dlfm_error *e);
/* The policy that the options make; to be freed in any case. -1 with a text. */
int cli_pack_policy(struct dlfm_policy *policy, struct dlfm_error *e);

#endif
