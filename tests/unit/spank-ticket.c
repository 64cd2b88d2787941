/* SPDX-License-Identifier: BSD-3-Clause */
/* What srun tells the nodes and a node's first task its last: tickets and collections as text; names beside a target. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "spank-plugin/collection.h"
#include "spank-plugin/gathering.h"

static struct ticket make(const char *option)
{
	struct ticket t = {.job = 4294967290U, .step = 3, .key = "12.0123456789abcdef"};
	struct dlfm_error e = {""};

	if (dlfm_job_option_parse(&t.option, option, &e) < 0)
		fail_msg("%s", e.text);
	return t;
}

static void round_trip(void **state)
{
	static const char *const options[] = {
		"replay:/a b/c.dat,require,report=/r s.txt,layers=fm,stale=drop,transport=pmix",
		"record:/x/y.dat,scope=all",
		"replay:/c,learn",
	};
	char text[TICKET_TEXT_MAX], again[TICKET_TEXT_MAX];
	struct ticket t, u;
	struct dlfm_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		t = make(options[i]);
		t.word = i == 1 ? TICKET_QUIET : TICKET_GO;
		if (i == 2)
			t.key[0] = '\0';
		assert_int_equal(ticket_format(&t, text), 0);
		assert_int_equal(ticket_parse(&u, text, &e), 0);
		assert_int_equal(u.job, t.job);
		assert_int_equal(u.step, t.step);
		assert_int_equal(u.word, t.word);
		assert_string_equal(u.key, t.key);
		assert_string_equal(u.option.file, t.option.file);
		assert_int_equal(ticket_format(&u, again), 0);
		assert_string_equal(text, again);
	}
}

static void longest(void **state)
{
	static char option[2 * PATH_MAX];
	static struct ticket t, u;
	char text[TICKET_TEXT_MAX];
	struct dlfm_error e;

	(void)state;
	strcpy(option, "replay:/");
	memset(option + 8, 'x', PATH_MAX - 2);
	t = make(option);
	memset(t.key, 'k', sizeof(t.key) - 1);
	memcpy(t.option.report_file, t.option.file, PATH_MAX);
	t.option.report = 1;
	assert_int_equal(ticket_format(&t, text), 0);
	assert_int_equal(ticket_parse(&u, text, &e), 0);
	assert_string_equal(u.key, t.key);
	assert_string_equal(u.option.report_file, t.option.report_file);
}

static void damaged(void **state)
{
	static const char *const bad[] = {
		"",
		"1.2",
		"1.2 go",
		"1.2 go -",
		"1.2 gone - off",
		"x.2 go - off",
		"1.2 go - recrod",
		"1 go - off",
		"1.2 go",
		"1.2 goooooooooo - off",
	};
	struct ticket t = {.job = 77};
	struct dlfm_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ticket_parse(&t, bad[i], &e) == 0)
			fail_msg("'%s' is taken", bad[i]);
		assert_non_null(strstr(e.text, TICKET_VARIABLE));
		assert_int_equal(t.job, 77);
	}
}

static void names(void **state)
{
	static struct ticket t;
	char path[PATH_MAX];

	(void)state;
	t = make("record:/a/c.dat");
	t.job = 7;
	assert_true(gathering_wanted(&t.option));
	assert_int_equal(gathering_parts(&t, path), 0);
	assert_string_equal(path, "/a/c.dat.7.3.parts");
	assert_int_equal(gathering_log(&t, path), 0);
	assert_string_equal(path, "/a/c.dat.log");
	t = make("replay:/a/c.dat,report=/r");
	assert_true(gathering_wanted(&t.option));
	assert_string_equal(gathering_target(&t.option), "/r");
	t = make("replay:/a/c.dat,report=/r,learn");
	assert_string_equal(gathering_target(&t.option), "/a/c.dat");
	t = make("replay:/a/c.dat");
	assert_false(gathering_wanted(&t.option));
	memset(t.option.file, 'x', PATH_MAX - 1);
	t.option.learn = 1;
	assert_int_equal(gathering_parts(&t, path), -1);
	assert_int_equal(gathering_log(&t, path), -1);
}

static void put(const char *dir, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/.ticket", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void collections(void **state)
{
	char dir[] = "/var/tmp/dlfm-collection.XXXXXX", path[128];
	struct collection c = {.nodes = 12, .node = 5}, d;
	struct dlfm_error e;

	(void)state;
	assert_non_null(mkdtemp(dir));
	c.ticket = make("record:/a b.dat");
	assert_int_equal(collection_read(&d, dir, &e), -1); /* none yet */
	assert_int_equal(collection_write(&c, dir, &e), 0);
	assert_int_equal(collection_write(&c, dir, &e), 0); /* another task of the node */
	assert_int_equal(collection_read(&d, dir, &e), 0);
	assert_int_equal(d.nodes, 12);
	assert_int_equal(d.node, 5);
	assert_string_equal(d.ticket.option.file, "/a b.dat");
	put(dir, "");
	assert_int_equal(collection_read(&d, dir, &e), -1);
	put(dir, "12\n1.2 go - off\n");
	assert_int_equal(collection_read(&d, dir, &e), -1);
	put(dir, "12 5\nnonsense\n");
	assert_int_equal(collection_read(&d, dir, &e), -1);
	snprintf(path, sizeof(path), "%s/.ticket", dir);
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(collection_read(&d, dir, &e), -1);
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* nothing else was left */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),  cmocka_unit_test(longest),
		cmocka_unit_test(damaged),     cmocka_unit_test(names),
		cmocka_unit_test(collections),
	};

	return cmocka_run_group_tests_name("spank-ticket", tests, NULL, NULL);
}
