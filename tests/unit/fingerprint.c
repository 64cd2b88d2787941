/* SPDX-License-Identifier: BSD-3-Clause */
/* Fingerprints of search environments: which are the same, which differ, which have none. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "libdlfm/fingerprint.h"

static uint64_t of(const char *program, const char *path, const char *tunables, uint64_t hwcaps)
{
	return dlfm_fingerprint(&(struct dlfm_search_env){program, path, tunables, hwcaps});
}

static void test_same(void **state)
{
	(void)state;
	assert_int_not_equal(of("/bin/a", NULL, NULL, 3), 0);
	assert_int_equal(of("/bin/a", "/x:/y", NULL, 3),
			 of("/bin/a", "/x:/y", "glibc.malloc.check=3", 3));
	assert_int_equal(of("/bin/a", NULL, NULL, 3),
			 of("/bin/a", "", NULL, 3)); /* ld.so: as good as unset */
}

static void test_differ(void **state)
{
	const uint64_t all[] = {
		of("/bin/a", NULL, NULL, 3),	      of("/bin/b", NULL, NULL, 3),
		of("/bin/a", NULL, NULL, 4),	      of("/bin/a", "/x", NULL, 3),
		of("/bin/a", "/x:/y", NULL, 3),	      of("/bin/a", "/y:/x", NULL, 3),
		of("/bin/a", "/x/", NULL, 3),	      of("/bin/a", "$ORIGIN", NULL, 3),
		of("/bin/a", "/x;/y", NULL, 3),	      of("/bin/ld", NULL, NULL, 3),
		of("/bin/a", "${ORIGIN}/x", NULL, 3),
	};
	const size_t n = sizeof(all) / sizeof(all[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_not_equal(all[i], 0);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(all[i], all[j]);
	}
}

static void test_none(void **state)
{
	static const char *const relative[] = {":",	  ":/x", "/x:", "/x::/y",  ".",	    "x",
					       "/x:y:/z", "/x;", ";/x", "../x:/y", "$LIB/x"};

	(void)state;
	for (size_t i = 0; i < sizeof(relative) / sizeof(relative[0]); i++)
		assert_int_equal(of("/bin/a", relative[i], NULL, 3), 0);
	assert_int_equal(of(NULL, NULL, NULL, 3), 0);
	assert_int_equal(of("", NULL, NULL, 3), 0);
	assert_int_equal(of("bin/a", NULL, NULL, 3), 0);
	assert_int_equal(of("/bin/a", NULL, "glibc.malloc.check=1:glibc.cpu.hwcaps=-AVX2", 3), 0);
	assert_int_equal(of("/lib64/ld-linux-x86-64.so.2", NULL, NULL, 3), 0);
	assert_int_equal(of("/lib/ld-2.28.so", NULL, NULL, 3), 0);
	assert_int_equal(of("/usr/bin/ld.so", NULL, NULL, 3), 0);
}

static void test_level(void **state)
{
	const uint64_t level = dlfm_hwcaps_level();

	(void)state;
#ifdef __x86_64__
	assert_in_range(level, 1, 4);
	assert_true(level < 2 || __builtin_cpu_supports("sse4.2"));
	assert_true(level < 3 || __builtin_cpu_supports("avx2"));
	assert_true(level < 4 || __builtin_cpu_supports("avx512vl"));
#else
	assert_int_equal(level, 0);
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_differ),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
