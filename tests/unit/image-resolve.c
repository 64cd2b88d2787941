/* SPDX-License-Identifier: BSD-3-Clause */
/* Resolutions in an index: found by table, requester and name; guards; damaged tables; a searched
 * directory that changed. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdlfm/image-write.h"

#define TEXT(s)                                                                                    \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

static struct dlfm_image image;
static void *written;
static struct {
	struct dlfm_dirty_header header;
	unsigned char bytes[64];
} dirty;

static const uint64_t fingerprints[] = {11, 22};
static const struct dlfm_image_text guards[] = {TEXT("/opt/a/libx.so"), TEXT("/opt/b/libx.so"),
						TEXT("/opt/c/libx.so")};
static const struct dlfm_image_in_resolution resolutions[] = {
	{0, 0, TEXT("/bin/a"), TEXT("libx.so"), TEXT("/usr/lib/libx.so"), 0, 2},
	{1, 0, TEXT("/bin/a"), TEXT("libx.so"), TEXT("/usr/lib2/libx.so"), 2, 1},
	{0, DLFM_ENTRY_STAGED, TEXT("/bin/b"), TEXT("libx.so"), TEXT("/sw/libx.so"), 0, 0},
	{0, DLFM_ENTRY_STAGED, TEXT("/bin/b"), TEXT("liby.so"), TEXT("/sw/bin/../lib/liby.so"), 0,
	 0},
};
static const struct dlfm_image_in_entry entries[] = {
	{.path = TEXT("/"), .canon = 0, .flags = DLFM_ENTRY_KNOWN},
};

static int make(void **state)
{
	const struct dlfm_image_in in = {
		.entries = entries,
		.fingerprints = fingerprints,
		.resolutions = resolutions,
		.guards = guards,
		.n_entries = 1,
		.n_tables = 2,
		.n_resolutions = 4,
		.n_guards = 3,
	};
	size_t size;

	(void)state;
	if (dlfm_image_write(&in, "/dev/shm/x/root", &written, &size) != 0)
		return -1;
	memset(&dirty, 0, sizeof(dirty));
	memcpy(dirty.header.magic, DLFM_DIRTY_MAGIC, 8);
	dirty.header.n_entries = ((struct dlfm_image_header *)written)->entries.count;
	return dlfm_image_attach(&image, written, size, &dirty, sizeof(dirty));
}

static int drop(void **state)
{
	(void)state;
	free(written);
	return 0;
}

static const char *answer(uint32_t table, const char *requester, const char *name)
{
	const struct dlfm_image_resolution *r = dlfm_image_resolve(&image, table, requester, name);

	return r ? dlfm_image_string(&image, r->answer) : "none";
}

static void test_tables(void **state)
{
	(void)state;
	assert_int_equal(dlfm_image_table(&image, 11), 0);
	assert_int_equal(dlfm_image_table(&image, 22), 1);
	assert_int_equal(dlfm_image_table(&image, 33), DLFM_NONE);
	assert_int_equal(dlfm_image_table(&image, 0), DLFM_NONE);
}

static void test_found(void **state)
{
	(void)state;
	assert_string_equal(answer(0, "/bin/a", "libx.so"), "/usr/lib/libx.so");
	assert_string_equal(answer(1, "/bin/a", "libx.so"), "/usr/lib2/libx.so");
	assert_string_equal(answer(0, "/bin/b", "libx.so"), "/sw/libx.so");
	assert_string_equal(answer(0, "/bin/b", "liby.so"), "/sw/bin/../lib/liby.so");
}

static void test_not_found(void **state)
{
	(void)state;
	assert_string_equal(answer(1, "/bin/b", "libx.so"), "none");
	assert_string_equal(answer(0, "/bin/c", "libx.so"), "none");
	assert_string_equal(answer(0, "/bin/a", "liby.so"), "none");
	assert_string_equal(answer(0, "/bin/a", ""), "none");
	assert_string_equal(answer(2, "/bin/a", "libx.so"), "none");
	assert_string_equal(answer(DLFM_NONE, "/bin/a", "libx.so"), "none");
}

static void test_guards(void **state)
{
	const struct dlfm_image_resolution *r = dlfm_image_resolve(&image, 0, "/bin/a", "libx.so");
	struct dlfm_image_resolution beyond;

	(void)state;
	assert_string_equal(dlfm_image_guard(&image, r, 0), "/opt/a/libx.so");
	assert_string_equal(dlfm_image_guard(&image, r, 1), "/opt/b/libx.so");
	assert_null(dlfm_image_guard(&image, r, 2));
	beyond = *r;
	beyond.first_guard = 2;
	beyond.n_guards = 1000;
	assert_non_null(dlfm_image_guard(&image, &beyond, 0));
	assert_null(dlfm_image_guard(&image, &beyond, 1));
	beyond.first_guard = 0xfffffff0u;
	assert_null(dlfm_image_guard(&image, &beyond, 0));
}

static void test_changed(void **state)
{
	(void)state;
	dirty.header.lib_marks = 1;
	assert_string_equal(answer(0, "/bin/a", "libx.so"), "none");
	dirty.header.lib_marks = 0;
	assert_string_equal(answer(0, "/bin/a", "libx.so"), "/usr/lib/libx.so");
}

/* Every slot leads somewhere, none to an end: the search ends by itself. */
static void test_damaged(void **state)
{
	struct dlfm_image_header *h = written;
	uint32_t *slots = (uint32_t *)((char *)written + h->res_slots.offset);

	(void)state;
	for (uint64_t i = 0; i < h->res_slots.count; i++)
		slots[i] = 3;
	assert_string_equal(answer(0, "/bin/a", "libx.so"), "none");
	for (uint64_t i = 0; i < h->res_slots.count; i++)
		slots[i] = 0x7fffffff;
	assert_string_equal(answer(0, "/bin/a", "libx.so"), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),	  cmocka_unit_test(test_found),
		cmocka_unit_test(test_not_found), cmocka_unit_test(test_guards),
		cmocka_unit_test(test_changed),	  cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
