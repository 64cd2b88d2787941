/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing of the plugin's arguments; what lies where below the prefix. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "cache-tools/job-option.h"
#include "spank-plugin/args.h"

enum { TIMEOUT_NORMAL = 120, TIMEOUT_MAX = 3600 };

static int set_text(char *to, size_t size, const char *value, struct dlfm_error *e)
{
	if (strlen(value) >= size)
		return dlfm_errf(e, "'%.60s...' is too long", value);
	strcpy(to, value);
	return 0;
}

static int set_prefix(struct plugin_args *a, const char *value, struct dlfm_error *e)
{
	if (value[0] != '/')
		return dlfm_errf(e, "'%s' is not an absolute path", value);
	return set_text(a->prefix, sizeof(a->prefix), value, e);
}

static int set_dirs(struct plugin_args *a, const char *value, struct dlfm_error *e)
{
	char *dir, *save = NULL;
	int n = 0;

	if (set_text(a->dirs_text, sizeof(a->dirs_text), value, e) < 0)
		return -1;
	strcpy(a->dirs_list, value);
	for (dir = strtok_r(a->dirs_list, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		if (dir[0] != '/')
			return dlfm_errf(e, "'%s' is not an absolute path", dir);
		if (n == PLUGIN_DIRS_MAX)
			return dlfm_errf(e, "more than %d directories", PLUGIN_DIRS_MAX);
		a->dirs[n++] = dir;
	}
	a->dirs[n] = NULL;
	return n ? 0 : dlfm_errf(e, "no directory is named");
}

static int set_max_size(struct plugin_args *a, const char *value, struct dlfm_error *e)
{
	size_t digits = strspn(value, "0123456789");
	const char *unit = value + digits;

	if (digits == 0 || (unit[0] && (unit[1] || !strchr("KMGT", unit[0]))))
		return dlfm_errf(e, "'%s' is not a size such as 512M or 4G", value);
	return set_text(a->max_size, sizeof(a->max_size), value, e);
}

static int set_timeout(struct plugin_args *a, const char *value, struct dlfm_error *e)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end || n < 1 || n > TIMEOUT_MAX)
		return dlfm_errf(e, "'%s' is not a number of seconds from 1 to %d", value,
				 TIMEOUT_MAX);
	a->timeout = n;
	return 0;
}

static int set_default(struct plugin_args *a, const char *value, struct dlfm_error *e)
{
	struct dlfm_job_option option;

	if (dlfm_job_option_parse(&option, value, e) < 0)
		return -1;
	if (option.file[0] && option.file[0] != '/')
		return dlfm_errf(e, "'%s' is not an absolute path", option.file);
	return set_text(a->fallback, sizeof(a->fallback), value, e);
}

static const struct key {
	const char *name;
	int (*set)(struct plugin_args *a, const char *value, struct dlfm_error *e);
} keys[] = {
	{"prefix", set_prefix},	  {"stage_dirs", set_dirs}, {"max_size", set_max_size},
	{"timeout", set_timeout}, {"default", set_default},
};

static int set_argument(struct plugin_args *a, const char *argument, struct dlfm_error *e)
{
	size_t length = strcspn(argument, "="), i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strncmp(argument, keys[i].name, length) != 0 || keys[i].name[length])
			continue;
		if (!argument[length])
			return dlfm_errf(e, "%s= needs a value", keys[i].name);
		if (keys[i].set(a, argument + length + 1, e) < 0)
			return dlfm_err_prefix(e, "%s=", keys[i].name);
		return 0;
	}
	return dlfm_errf(e,
			 "unknown argument '%.100s'; use prefix=, stage_dirs=, max_size=, timeout= "
			 "or default=",
			 argument);
}

static void set_defaults(struct plugin_args *a)
{
	*a = (struct plugin_args){
		.prefix = DLFM_PREFIX, .timeout = TIMEOUT_NORMAL, .fallback = "off"};
	set_dirs(a, "/dev/shm:/tmp", NULL);
}

int plugin_args_parse(struct plugin_args *a, int argc, char **argv, struct dlfm_error *e)
{
	int i;

	set_defaults(a);
	for (i = 0; i < argc; i++) {
		if (set_argument(a, argv[i], e) < 0) {
			set_defaults(a);
			return -1;
		}
	}
	return 0;
}

const char *plugin_path(const struct plugin_args *a, enum plugin_file which, char path[PATH_MAX])
{
	static const struct {
		const char *dir, *name;
	} files[] = {
		[PLUGIN_LIBDIR] = {DLFM_PKGLIBDIR, NULL},
		[PLUGIN_DLFM] = {DLFM_BINDIR, "dlfm"},
		[PLUGIN_STAGE] = {DLFM_BINDIR, "dlfm-stage"},
		[PLUGIN_COLLECT] = {DLFM_HELPERDIR, "dlfm-collect"},
		[PLUGIN_STAGE_COPY] = {DLFM_HELPERDIR, "dlfm-stage-copy"},
	};
	const char *dir = files[which].dir, *name = files[which].name;
	size_t configured = strlen(DLFM_PREFIX);
	int n;

	if (strncmp(dir, DLFM_PREFIX, configured) == 0 && dir[configured] == '/')
		n = snprintf(path, PATH_MAX, "%s%s%s%s", a->prefix, dir + configured,
			     name ? "/" : "", name ? name : "");
	else
		n = snprintf(path, PATH_MAX, "%s%s%s", dir, name ? "/" : "", name ? name : "");
	return n < PATH_MAX ? path : NULL;
}
