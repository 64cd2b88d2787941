/* SPDX-License-Identifier: BSD-3-Clause */
/* The plugin's arguments: defaults, each key, what is refused and by which name; what lies where below the prefix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "spank-plugin/args.h"

static struct plugin_args a;
static struct dlfm_error e;

static int parse(const char *first, const char *second)
{
	char *argv[] = {strdup(first), second ? strdup(second) : NULL};
	int rc;

	e.text[0] = '\0';
	rc = plugin_args_parse(&a, second ? 2 : 1, argv, &e);
	free(argv[0]);
	free(argv[1]);
	return rc;
}

static void assert_defaults(void)
{
	assert_string_equal(a.prefix, DLFM_PREFIX);
	assert_string_equal(a.dirs[0], "/dev/shm");
	assert_string_equal(a.dirs[1], "/tmp");
	assert_null(a.dirs[2]);
	assert_int_equal(a.timeout, 120);
	assert_string_equal(a.max_size, "");
	assert_string_equal(a.fallback, "off");
}

static void defaults(void **state)
{
	(void)state;
	assert_int_equal(plugin_args_parse(&a, 0, NULL, &e), 0);
	assert_defaults();
}

static void keys(void **state)
{
	(void)state;
	assert_int_equal(parse("prefix=/opt/dlfm", "timeout=3600"), 0);
	assert_string_equal(a.prefix, "/opt/dlfm");
	assert_int_equal(a.timeout, 3600);
	assert_int_equal(parse("stage_dirs=/a:/b/c::/d", "max_size=4G"), 0);
	assert_string_equal(a.dirs_text, "/a:/b/c::/d");
	assert_string_equal(a.dirs[0], "/a");
	assert_string_equal(a.dirs[1], "/b/c");
	assert_string_equal(a.dirs[2], "/d");
	assert_null(a.dirs[3]);
	assert_string_equal(a.max_size, "4G");
	assert_int_equal(parse("max_size=12345", "default=replay:/x,require"), 0);
	assert_string_equal(a.fallback, "replay:/x,require");
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"prefix=usr",	  "prefix",	   "prefix=",	      "stage_dirs=shm",
		"stage_dirs=",	  "stage_dirs=:",  "stage_dirs=/a:b", "max_size=G",
		"max_size=5X",	  "max_size=5GB",  "max_size=-1",     "timeout=0",
		"timeout=3601",	  "timeout=x",	   "timeout=1s",      "timeout=-5",
		"default=recrod", "default=x.dat", "timeout= 5",      "default=replay",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse("prefix=/good", bad[i]) == 0)
			fail_msg("'%s' is not refused", bad[i]);
		if (strncmp(e.text, bad[i], strcspn(bad[i], "=")) != 0)
			fail_msg("'%s' is not named: %s", bad[i], e.text);
		assert_defaults();
	}
}

static void unknown(void **state)
{
	static const char *const bad[] = {"stage_dir=/x", "prefixx=/x", "", "=",
					  "Timeout=5",	  "time"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i], NULL), -1);
		assert_non_null(strstr(e.text, "unknown argument"));
		assert_non_null(strstr(e.text, bad[i]));
	}
}

static void many_directories(void **state)
{
	char text[16 + 3 * (PLUGIN_DIRS_MAX + 1)] = "stage_dirs=/d", longer[PATH_MAX + 32];
	int i;

	(void)state;
	for (i = 1; i < PLUGIN_DIRS_MAX; i++)
		strcat(text, ":/d");
	assert_int_equal(parse(text, NULL), 0);
	assert_string_equal(a.dirs[PLUGIN_DIRS_MAX - 1], "/d");
	strcat(text, ":/d");
	assert_int_equal(parse(text, NULL), -1);
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "prefix=/", 8);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(parse(longer, NULL), -1);
	assert_non_null(strstr(e.text, "too long"));
}

static void places(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(parse("prefix=/opt/d", NULL), 0);
	assert_non_null(plugin_path(&a, PLUGIN_DLFM, path));
	if (strncmp(DLFM_BINDIR, DLFM_PREFIX "/", sizeof(DLFM_PREFIX)) == 0)
		assert_memory_equal(path, "/opt/d/", 7);
	assert_string_equal(path + strlen(path) - 5, "/dlfm");
	assert_non_null(plugin_path(&a, PLUGIN_COLLECT, path));
	assert_non_null(strstr(path, "/dlfm-collect"));
	memset(a.prefix, 'x', PATH_MAX - 2);
	a.prefix[PATH_MAX - 2] = '\0';
	assert_null(plugin_path(&a, PLUGIN_COLLECT, path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(keys),
		cmocka_unit_test(refused),  cmocka_unit_test(unknown),
		cmocka_unit_test(places),   cmocka_unit_test(many_directories),
	};

	return cmocka_run_group_tests_name("spank-args", tests, NULL, NULL);
}
