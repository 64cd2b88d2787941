/* SPDX-License-Identifier: BSD-3-Clause */
/* The reasons in words. */
#include <stddef.h>

#include "cache-tools/left-out.h"

struct words {
	enum dlfm_left_out why;
	const char *name, *text, *remedy;
};

static const char by_include[] = "to store it nevertheless, record with --include=PATTERN";

static const struct words all[] = {
	{DLFM_LEFT_EXCLUDED, "excluded", "a pattern excludes it",
	 "take the pattern out of --exclude or the policy file and record again"},
	{DLFM_LEFT_KERNEL, "kernel", "/proc, /sys and /dev are never stored", ""},
	{DLFM_LEFT_TEMPORARY, "temporary", "what lies below /tmp, /var/tmp and /run is short-lived",
	 by_include},
	{DLFM_LEFT_LOCAL, "local", "it lies on a file system of the node's own",
	 "to store such files too, record with --scope=all or --include=PATTERN"},
	{DLFM_LEFT_WRITTEN, "written", "written by the run",
	 "files that a run makes or changes cannot be answered from memory"},
	{DLFM_LEFT_GONE, "gone", "found in the run, gone when the cache was packed", ""},
	{DLFM_LEFT_DATA, "data", "data, not code", by_include},
	{DLFM_LEFT_LARGE, "large", "too large",
	 "raise max_code_size or max_data_size in a policy file, or record with --include=PATTERN"},
	{DLFM_LEFT_ABSENT, "absent", "absent in a directory of data, where any job may make it",
	 "to answer from memory that it is absent, record with --include=PATTERN"},
	{DLFM_LEFT_LIVE, "live", "a directory whose names come and go while jobs run", ""},
	{DLFM_LEFT_NO_CODE, "no-code", "a directory of data", by_include},
	{DLFM_LEFT_FAILED, "failed", "it could not be looked up when the cache was packed",
	 "check that the user who records may read it"},
	{DLFM_LEFT_UNREADABLE, "unreadable", "it could not be read, or was being written",
	 "check that the user who records may read it, and that nobody writes it"},
};

static const struct words *find(enum dlfm_left_out why)
{
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].why == why)
			return &all[i];
	return NULL;
}

const char *dlfm_left_out_text(enum dlfm_left_out why)
{
	const struct words *w = find(why);

	return w ? w->text : NULL;
}

const char *dlfm_left_out_remedy(enum dlfm_left_out why)
{
	const struct words *w = find(why);

	return w ? w->remedy : "";
}

const char *dlfm_left_out_name(enum dlfm_left_out why)
{
	const struct words *w = find(why);

	return w ? w->name : "";
}
