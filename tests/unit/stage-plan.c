/* SPDX-License-Identifier: BSD-3-Clause */
/* What the mirror tree will hold: files, hard links, links, and which spellings come to a staged file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "cache-tools/stage-plan.h"

static struct dlfm_cache *c;
static struct dlfm_plan plan;

static uint32_t add(const char *path)
{
	uint32_t i = dlfm_cache_add(c, path, strlen(path));

	assert_int_not_equal(i, DLFM_NONE);
	return i;
}

/* Canonical directories above are what ties them together. */
static void tie(const char *path)
{
	char above[200];
	char *slash;
	uint32_t i;

	strcpy(above, path);
	while ((slash = strrchr(above, '/'))) {
		slash[slash == above] = '\0';
		i = add(above);
		if (c->entries[i].canon == DLFM_NONE)
			c->entries[i].canon = i;
		if (slash == above)
			break;
	}
}

static uint32_t file(const char *path, uint32_t content, uint64_t ino, uint32_t nlink)
{
	uint32_t i = add(path);

	tie(path);
	c->entries[i].flags = DLFM_ENTRY_KNOWN;
	c->entries[i].canon = i;
	c->entries[i].content = content;
	c->entries[i].st = (struct dlfm_image_stat){
		.mode = S_IFREG | 0644, .dev = 1, .ino = ino, .nlink = nlink};
	return i;
}

static uint32_t lnk(const char *path, const char *target, const char *canon)
{
	uint32_t i = add(path), to = add(canon);

	c->entries[i].flags = DLFM_ENTRY_KNOWN;
	c->entries[i].canon = to;
	c->entries[i].target = target;
	c->entries[i].st.mode = S_IFLNK | 0777;
	return i;
}

/* A spelling by way of a link. */
static uint32_t spelling(const char *path, const char *canon)
{
	uint32_t i = add(path), to = add(canon);

	c->entries[i].flags = DLFM_ENTRY_KNOWN;
	c->entries[i].canon = to;
	c->entries[i].st = c->entries[to].st;
	return i;
}

static uint32_t content(uint64_t size)
{
	const struct dlfm_cache_content new = {.size = size, .digest = {size}};

	return dlfm_cache_add_content(c, &new, NULL, 0);
}

static void make(void)
{
	struct dlfm_error e = {""};

	assert_int_equal(dlfm_cache_settle(c, NULL), 0);
	if (dlfm_plan_make(&plan, c, 40, &e) < 0)
		fail_msg("%s", e.text);
}

static unsigned flags(const char *path)
{
	return plan.flags[dlfm_cache_find(c, path, strlen(path))];
}

static int has_link(const char *dir, const char *name, const char *target)
{
	uint32_t i;

	for (i = 0; i < plan.n_links; i++)
		if (strcmp(c->entries[plan.links[i].dir].path, dir) == 0 &&
		    strcmp(dlfm_plan_name(&c->entries[plan.links[i].entry]), name) == 0 &&
		    strcmp(c->entries[plan.links[i].target].path, target) == 0)
			return 1;
	return 0;
}

static int start(void **state)
{
	(void)state;
	c = dlfm_cache_new();
	memset(&plan, 0, sizeof(plan));
	return c ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	dlfm_plan_free(&plan);
	dlfm_cache_free(c);
	return 0;
}

static void relative(void **state)
{
	static const char *const cases[][3] = {
		{"/a/b", "/a/b/c", "c"},
		{"/a/b", "/a/c", "../c"},
		{"/a/b", "/a/bc", "../bc"},
		{"/a/bc", "/a/b", "../b"},
		{"/a/b", "/x", "../../x"},
		{"/", "/x/y", "x/y"},
		{"/a/b", "/", "../.."},
		{"/", "/", "."},
		{"/a/b", "/a/b", "."},
		{"/a/b", "/a", ".."},
		{"/a/b/c/d", "/a/x/c/d", "../../../x/c/d"},
	};
	char text[100];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(dlfm_plan_relative(text, 100, cases[i][0], cases[i][1]), 0);
		assert_string_equal(text, cases[i][2]);
		n = strlen(text);
		memset(text, '#', sizeof(text));
		assert_int_equal(dlfm_plan_relative(text, n, cases[i][0], cases[i][1]), -1);
		assert_int_equal(text[n], '#');
	}
}

static void files(void **state)
{
	uint32_t one = content(1), two = content(2);
	uint32_t i;

	(void)state;
	file("/sw/a/x", two, 1, 1);
	file("/sw/b/x", one, 2, 1);
	file("/sw/b/y", one, 3, 1);
	add("/sw/none");
	make();
	assert_int_equal(plan.n_files, 3);
	assert_int_equal(flags("/sw/a/x"), DLFM_PLAN_FILE | DLFM_PLAN_STAGED);
	assert_int_equal(flags("/sw/b"), DLFM_PLAN_DIR);
	assert_int_equal(flags("/"), DLFM_PLAN_DIR);
	assert_int_equal(flags("/sw/none"), 0);
	/* equal contents of two inodes stay two files */
	for (i = plan.first[0]; i < plan.first[1]; i++)
		assert_int_equal(plan.files[i].same, DLFM_NONE);
	assert_int_equal(plan.first[2], 3);
}

static void hard_links(void **state)
{
	uint32_t one = content(1);
	unsigned same = 0;
	uint32_t i;

	(void)state;
	file("/sw/a", one, 7, 3);
	file("/sw/b", one, 8, 1);
	file("/sw/c", one, 7, 3);
	file("/sw/d", one, 7, 3);
	make();
	for (i = 0; i < 3 + 1; i++)
		if (plan.files[i].same != DLFM_NONE) {
			same++;
			assert_int_equal(c->entries[plan.files[i].entry].st.ino, 7);
			assert_string_equal(c->entries[plan.files[plan.files[i].same].entry].path,
					    "/sw/a");
		}
	assert_int_equal(same, 2);
}

static void links(void **state)
{
	(void)state;
	file("/sw/v1/lib/libx.so.1", content(1), 1, 1);
	lnk("/sw/v1/lib/libx.so", "libx.so.1", "/sw/v1/lib/libx.so.1");
	lnk("/sw/cur", "/sw/v1", "/sw/v1");
	spelling("/sw/cur/lib/libx.so.1", "/sw/v1/lib/libx.so.1");
	c->entries[add("/sw/cur/lib")].canon = add("/sw/v1/lib");
	lnk("/sw/cur/lib/libx.so", "libx.so.1", "/sw/v1/lib/libx.so.1");
	lnk("/sw/local", "/usr/lib", "/usr/lib");
	c->entries[add("/usr/lib")].canon = add("/usr/lib");
	make();
	assert_true(has_link("/sw/v1/lib", "libx.so", "/sw/v1/lib/libx.so.1"));
	assert_true(has_link("/sw", "cur", "/sw/v1"));
	assert_int_equal(plan.n_links, 2);
	assert_true(flags("/sw/v1/lib/libx.so") & DLFM_PLAN_STAGED);
	assert_true(flags("/sw/cur/lib/libx.so.1") & DLFM_PLAN_STAGED);
	assert_true(flags("/sw/cur/lib/libx.so") & DLFM_PLAN_STAGED);
	/* what leads to no staged file is not there */
	assert_false(has_link("/sw", "local", "/usr/lib"));
	assert_int_equal(flags("/usr/lib"), 0);
}

/* A link that was met only by way of another link gets its place in the real directory. */
static void link_without_twin(void **state)
{
	(void)state;
	file("/sw/v1/libx.so.1", content(1), 1, 1);
	lnk("/sw/cur", "v1", "/sw/v1");
	lnk("/sw/cur/libx.so", "libx.so.1", "/sw/v1/libx.so.1");
	make();
	assert_true(has_link("/sw/v1", "libx.so", "/sw/v1/libx.so.1"));
	assert_true(flags("/sw/cur/libx.so") & DLFM_PLAN_STAGED);
}

/* A directory that holds but a link to another one. */
static void link_to_links(void **state)
{
	(void)state;
	lnk("/a/l", "/b", "/b");
	c->entries[add("/a")].canon = add("/a");
	c->entries[add("/")].canon = add("/");
	c->entries[add("/b")].canon = add("/b");
	lnk("/b/m", "/c/f", "/c/f");
	file("/c/f", content(1), 1, 1);
	lnk("/a/l/m", "/c/f", "/c/f");
	make();
	assert_true(has_link("/a", "l", "/b"));
	assert_true(flags("/a/l/m") & DLFM_PLAN_STAGED);
}

static void dangling_and_looping(void **state)
{
	uint32_t i;

	(void)state;
	file("/sw/f", content(1), 1, 1);
	i = lnk("/sw/dangling", "none", "/sw/none");
	c->entries[i].err = ENOENT;
	i = lnk("/sw/loop", "loop", "/sw/none");
	c->entries[i].err = ELOOP;
	c->entries[i].canon = DLFM_NONE;
	make();
	assert_int_equal(plan.n_links, 0);
	assert_int_equal(flags("/sw/dangling"), 0);
}

/* A spelling whose link was not recorded does not lead to the copy. */
static void unknown_way(void **state)
{
	(void)state;
	file("/sw/v1/f", content(1), 1, 1);
	spelling("/sw/cur/f", "/sw/v1/f");
	make();
	assert_int_equal(flags("/sw/cur/f"), 0);
}

static void file_and_directory(void **state)
{
	struct dlfm_error e = {""};

	(void)state;
	file("/sw/f", content(1), 1, 1);
	file("/sw/f/g", content(2), 2, 1);
	assert_int_equal(dlfm_cache_settle(c, NULL), 0);
	assert_int_equal(dlfm_plan_make(&plan, c, 40, &e), -1);
	assert_non_null(strstr(e.text, "/sw/f is a file and a directory"));
}

static void long_names(void **state)
{
	char path[4096] = "";
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		strcat(path, "/0123456789abcdefgh");
	i = add(path);
	for (; c->entries[i].parent != (uint32_t)i; i = c->entries[i].parent)
		c->entries[i].canon = i;
	c->entries[i].canon = i;
	i = add(path);
	c->entries[i].content = content(1);
	c->entries[i].flags = DLFM_ENTRY_KNOWN;
	c->entries[i].st.mode = S_IFREG | 0644;
	assert_int_equal(dlfm_plan_make(&plan, c, 400, NULL), 0);
	assert_int_equal(plan.n_files, 0);
	dlfm_plan_free(&plan);
	assert_int_equal(dlfm_plan_make(&plan, c, 200, NULL), 0);
	assert_int_equal(plan.n_files, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(relative, start, end),
		cmocka_unit_test_setup_teardown(files, start, end),
		cmocka_unit_test_setup_teardown(hard_links, start, end),
		cmocka_unit_test_setup_teardown(links, start, end),
		cmocka_unit_test_setup_teardown(link_without_twin, start, end),
		cmocka_unit_test_setup_teardown(link_to_links, start, end),
		cmocka_unit_test_setup_teardown(dangling_and_looping, start, end),
		cmocka_unit_test_setup_teardown(unknown_way, start, end),
		cmocka_unit_test_setup_teardown(file_and_directory, start, end),
		cmocka_unit_test_setup_teardown(long_names, start, end),
	};

	return cmocka_run_group_tests_name("stage-plan", tests, NULL, NULL);
}
