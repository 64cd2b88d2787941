/* SPDX-License-Identifier: BSD-3-Clause */
/* --dlfm in each context of Slurm, whose functions are replaced: what is refused where, and what goes before what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "spank-plugin/plugin.h"

struct plugin plugin;
static struct spank_option *registered;
static char said[1024];
static struct dlfm_error e;

spank_err_t spank_option_register(spank_t sp, struct spank_option *option)
{
	(void)sp;
	registered = option;
	return ESPANK_SUCCESS;
}

void slurm_error(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(said, sizeof(said), format, list);
	va_end(list);
}

static int start(void **state)
{
	(void)state;
	memset(&plugin, 0, sizeof(plugin));
	said[0] = '\0';
	return plugin_args_parse(&plugin.args, 0, NULL, &e) + plugin_option_register(NULL);
}

static enum dlfm_mode mode_with(const char *variable)
{
	struct dlfm_job_option o;

	if (plugin_option_effective(&o, variable, &e) < 0)
		fail_msg("%s", e.text);
	return o.mode;
}

static void taken(void **state)
{
	(void)state;
	assert_string_equal(registered->name, "dlfm");
	assert_int_equal(registered->has_arg, 1);
	assert_int_equal(registered->cb(0, "replay:/x,require", 0), 0);
	assert_string_equal(plugin.option, "replay:/x,require");
	assert_int_equal(plugin.option_given, 1);
	assert_int_equal(registered->cb(0, "off", 0), 0); /* srun's own, after that of sbatch */
	assert_string_equal(plugin.option, "off");
	assert_string_equal(said, "");
}

static void refused(void **state)
{
	static char longer[3 * PATH_MAX];

	(void)state;
	assert_int_equal(registered->cb(0, "recrod", 0), -1);
	assert_non_null(strstr(said, "dlfm: --dlfm: unknown value 'recrod'"));
	assert_int_equal(registered->cb(0, NULL, 0), -1);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[0] = '/';
	assert_int_equal(registered->cb(0, longer, 0), -1);
	assert_string_equal(plugin.option, "");
}

/* In slurmstepd and the epilog, as root, the value is not looked at. */
static void remote(void **state)
{
	(void)state;
	assert_int_equal(registered->cb(0, "recrod %n \377", 1), 0);
	assert_int_equal(registered->cb(0, NULL, 1), 0);
	assert_int_equal(plugin.option_given, 1);
	assert_string_equal(plugin.option, "");
	assert_string_equal(said, "");
}

static void order(void **state)
{
	struct dlfm_job_option o;

	(void)state;
	assert_int_equal(mode_with(NULL), DLFM_MODE_OFF);
	assert_int_equal(mode_with(""), DLFM_MODE_OFF);
	strcpy(plugin.args.fallback, "replay:/default");
	assert_int_equal(mode_with(NULL), DLFM_MODE_REPLAY);
	assert_int_equal(mode_with("record"), DLFM_MODE_RECORD);
	assert_int_equal(mode_with("off"), DLFM_MODE_OFF);
	assert_int_equal(plugin_option_effective(&o, "recrod", &e), -1);
	assert_memory_equal(e.text, "the variable DLFM: ", 19);
	registered->cb(0, "/a/b.dat", 0);
	assert_int_equal(mode_with("recrod"), DLFM_MODE_AUTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(taken, start),
		cmocka_unit_test_setup(refused, start),
		cmocka_unit_test_setup(remote, start),
		cmocka_unit_test_setup(order, start),
	};

	return cmocka_run_group_tests_name("spank-option", tests, NULL, NULL);
}
