/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment of a task: composed, composed again, taken out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cache-tools/job-option.h"
#include "cache-tools/task-env.h"

#define TLS "glibc.rtld.optional_static_tls="

/* The environment of the test: a few names. */
static struct {
	const char *name;
	char *value; /* NULL: unset */
} vars[] = {
	{"LD_AUDIT", NULL},   {"LD_PRELOAD", NULL},   {"GLIBC_TUNABLES", NULL},
	{"DLFM_IMAGE", NULL}, {"DLFM_JOURNAL", NULL}, {"DLFM_DISABLE", NULL},
};
#define N_VARS (sizeof(vars) / sizeof(vars[0]))
static int sets; /* how often something was set */

static char **find(const char *name)
{
	size_t i;

	for (i = 0; i < N_VARS && strcmp(vars[i].name, name) != 0; i++)
		;
	if (i == N_VARS)
		fail_msg("asked for %s", name);
	return &vars[i].value;
}

/* One buffer for all, as callers may do: what was got must not be used after the next call. */
static const char *get(void *arg, const char *name)
{
	static char buffer[200];
	const char *value = *find(name);

	(void)arg;
	memset(buffer, '#', sizeof(buffer));
	return value ? strcpy(buffer, value) : NULL;
}

static int set(void *arg, const char *name, const char *value)
{
	char **v = find(name), *new = value ? strdup(value) : NULL;

	(void)arg;
	sets++;
	free(*v);
	*v = new;
	return 0;
}

static void put(const char *name, const char *value)
{
	set(NULL, name, value);
}

static int set_fails(void *arg, const char *name, const char *value)
{
	(void)arg, (void)name, (void)value;
	return -1;
}

static const struct dlfm_env_ops ops = {get, set, NULL};
static const struct dlfm_task_env both = {
	.layers = DLFM_USE_BOTH,
	.lib = "/shm/i/lib",
	.image = "/shm/i",
	.static_tls = 0x5000,
};

static int start(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < N_VARS; i++)
		put(vars[i].name, NULL);
	return 0;
}

static void compose(const struct dlfm_task_env *t)
{
	struct dlfm_error e = {""};

	if (dlfm_task_env_compose(t, &ops, &e) < 0)
		fail_msg("compose: %s", e.text);
}

static void take_out(void)
{
	struct dlfm_error e = {""};

	if (dlfm_task_env_remove(&ops, &e) < 0)
		fail_msg("remove: %s", e.text);
}

static void is(const char *name, const char *want)
{
	const char *got = *find(name);

	if (!want != !got || (want && strcmp(want, got) != 0))
		fail_msg("%s is %s, not %s", name, got ? got : "unset", want ? want : "unset");
}

static void empty_environment(void **state)
{
	(void)state;
	compose(&both);
	is("LD_AUDIT", "/shm/i/lib/dlfm-audit.so");
	is("LD_PRELOAD", "/shm/i/lib/libdlfm.so");
	is("GLIBC_TUNABLES", TLS "0x0000000000005000");
	is("DLFM_IMAGE", "/shm/i");
	is("DLFM_JOURNAL", NULL);
	sets = 0;
	compose(&both);
	assert_int_equal(sets, 0);
	take_out();
	is("LD_AUDIT", NULL);
	is("LD_PRELOAD", NULL);
	is("GLIBC_TUNABLES", NULL);
	is("DLFM_IMAGE", NULL);
	sets = 0;
	take_out();
	assert_int_equal(sets, 0);
}

static void users_lists(void **state)
{
	struct dlfm_task_env other = both;

	(void)state;
	put("LD_AUDIT", "/u/a.so:/u/b.so");
	put("LD_PRELOAD", "libm.so.6 /u/$LIB/x.so");
	compose(&both);
	is("LD_AUDIT", "/shm/i/lib/dlfm-audit.so:/u/a.so:/u/b.so");
	is("LD_PRELOAD", "/shm/i/lib/libdlfm.so:libm.so.6 /u/$LIB/x.so");
	/* an inner launcher, another image; the user put something in front meanwhile */
	put("LD_PRELOAD", "/u/first.so /shm/i/lib/libdlfm.so:libm.so.6 /u/$LIB/x.so");
	other.lib = "/shm/j/lib";
	other.image = "/shm/j";
	other.journal = "/shm/journal";
	compose(&other);
	is("LD_AUDIT", "/shm/j/lib/dlfm-audit.so:/u/a.so:/u/b.so");
	is("LD_PRELOAD", "/shm/j/lib/libdlfm.so:/u/first.so:libm.so.6 /u/$LIB/x.so");
	is("DLFM_IMAGE", "/shm/j");
	is("DLFM_JOURNAL", "/shm/journal");
	take_out();
	is("LD_AUDIT", "/u/a.so:/u/b.so");
	is("LD_PRELOAD", "/u/first.so:libm.so.6 /u/$LIB/x.so");
	is("DLFM_IMAGE", NULL);
	is("DLFM_JOURNAL", NULL);
}

static void look_alikes(void **state)
{
	(void)state;
	put("LD_PRELOAD", "/u/mylibdlfm.so:/u/libdlfm.so.1");
	put("LD_AUDIT", "");
	compose(&both);
	is("LD_PRELOAD", "/shm/i/lib/libdlfm.so:/u/mylibdlfm.so:/u/libdlfm.so.1");
	is("LD_AUDIT", "/shm/i/lib/dlfm-audit.so");
	put("LD_AUDIT", "");
	take_out();
	is("LD_PRELOAD", "/u/mylibdlfm.so:/u/libdlfm.so.1");
	is("LD_AUDIT", "");
	put("LD_AUDIT", "dlfm-audit.so");
	take_out();
	is("LD_AUDIT", NULL);
}

static void layers(void **state)
{
	struct dlfm_task_env t = both;

	(void)state;
	compose(&both);
	t.layers = DLFM_USE_FM;
	compose(&t);
	is("LD_AUDIT", NULL);
	is("LD_PRELOAD", "/shm/i/lib/libdlfm.so");
	is("GLIBC_TUNABLES", NULL);
	t.layers = DLFM_USE_DL;
	compose(&t);
	is("LD_AUDIT", "/shm/i/lib/dlfm-audit.so");
	is("LD_PRELOAD", NULL);
	is("GLIBC_TUNABLES", TLS "0x0000000000005000");
	/* recording inside a replay: no image */
	t.image = NULL;
	t.journal = "/j";
	compose(&t);
	is("DLFM_IMAGE", NULL);
	is("DLFM_JOURNAL", "/j");
}

static void tunables_case(uint64_t need, const char *before, const char *after)
{
	struct dlfm_task_env t = both;

	t.static_tls = need;
	put("GLIBC_TUNABLES", before);
	compose(&t);
	is("GLIBC_TUNABLES", after);
	compose(&t);
	is("GLIBC_TUNABLES", after);
	take_out();
	is("GLIBC_TUNABLES", before);
}

static void tunables(void **state)
{
	struct dlfm_task_env t = both;
	const char *other = "glibc.malloc.check=1";
	const char *ours = TLS "0x0000000000005000", *least = TLS "0x0000000000000c00";

	(void)state;
	tunables_case(0, NULL, least);
	tunables_case(512, NULL, least);
	tunables_case(0x5000, NULL, ours);
	tunables_case(0, other, "glibc.malloc.check=1:" TLS "0x0000000000000c00");
	tunables_case(0, TLS "4000", TLS "4000");
	tunables_case(0x5000, other, "glibc.malloc.check=1:" TLS "0x0000000000005000");
	tunables_case(0x5000, TLS "600:a.b=c", TLS "600:a.b=c:" TLS "0x0000000000005000");
	tunables_case(0x5000, TLS "junk", TLS "junk:" TLS "0x0000000000005000");
	tunables_case(0x5000, "a=b:" TLS "100000", "a=b:" TLS "100000");
	tunables_case(0x5000, TLS "0x5000", TLS "0x5000");
	tunables_case(0x5000, TLS "100000:" TLS "1",
		      TLS "100000:" TLS "1:" TLS "0x0000000000005000");
	put("GLIBC_TUNABLES", NULL);
	/* another image that needs more, then one that needs less; the user added something */
	compose(&t);
	t.static_tls = 0x6000;
	compose(&t);
	is("GLIBC_TUNABLES", TLS "0x0000000000006000");
	put("GLIBC_TUNABLES", TLS "0x0000000000006000:x=y");
	compose(&both);
	is("GLIBC_TUNABLES", "x=y:" TLS "0x0000000000005000");
}

static void disabled(void **state)
{
	(void)state;
	put("DLFM_DISABLE", "1");
	compose(&both);
	is("LD_AUDIT", NULL);
	is("DLFM_IMAGE", NULL);
	put("DLFM_DISABLE", "0");
	compose(&both);
	is("DLFM_IMAGE", "/shm/i");
	put("DLFM_DISABLE", "");
	compose(&both);
	is("DLFM_IMAGE", "/shm/i");
}

static void old_libc(void **state)
{
	(void)state;
	assert_int_equal(dlfm_layers_possible(DLFM_USE_BOTH, 4096, "2.28"), DLFM_USE_FM);
	assert_int_equal(dlfm_layers_possible(DLFM_USE_BOTH, 1000, "2.28"), DLFM_USE_BOTH);
	assert_int_equal(dlfm_layers_possible(DLFM_USE_BOTH, 4096, "2.33"), DLFM_USE_BOTH);
	assert_int_equal(dlfm_layers_possible(DLFM_USE_BOTH, 1 << 20, "2.41"), DLFM_USE_BOTH);
}

static void errors(void **state)
{
	static const char *const bad[] = {"/a b", "/a:b", "/$LIB", "rel/lib", NULL};
	const struct dlfm_env_ops failing = {get, set_fails, NULL};
	struct dlfm_task_env t = both;
	struct dlfm_error e;
	int i;

	(void)state;
	assert_int_equal(dlfm_task_env_compose(&both, &failing, &e), -1);
	assert_non_null(strstr(e.text, "LD_AUDIT"));
	for (i = 0; bad[i]; i++) {
		t.lib = bad[i];
		assert_int_equal(dlfm_task_env_compose(&t, &ops, &e), -1);
		is("LD_AUDIT", NULL);
		is("DLFM_IMAGE", NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(empty_environment, start),
		cmocka_unit_test_setup(users_lists, start),
		cmocka_unit_test_setup(look_alikes, start),
		cmocka_unit_test_setup(layers, start),
		cmocka_unit_test_setup(tunables, start),
		cmocka_unit_test_setup(disabled, start),
		cmocka_unit_test(old_libc),
		cmocka_unit_test_setup_teardown(errors, start, start),
	};

	return cmocka_run_group_tests_name("task-env", tests, NULL, NULL);
}
