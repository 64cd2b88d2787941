/* SPDX-License-Identifier: BSD-3-Clause */
/* What the staging helper takes and says: its options, lists of nodes, the verdict. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmix-dist/verdict.h"

static void check_list(const char *words, size_t size, const char *want)
{
	char copy[256], text[256], *p, *save = NULL;
	const char *names[32];
	size_t n = 0;

	strcpy(copy, words);
	for (p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		names[n++] = p;
	nodelist_format(text, size, names, n);
	assert_string_equal(text, want);
}

static void test_nodelist(void **state)
{
	(void)state;
	check_list("n1", 256, "n1");
	check_list("n3 n1 n2", 256, "n[1-3]");
	check_list("n1 n2 n4 n7 n8 n9 n10 n11", 256, "n[1-2,4,7-11]");
	check_list("n009 n010 n011", 256, "n[009-011]");
	check_list("n09 n010", 256, "n09,n010");
	check_list("login gpu2 gpu1 n1", 256, "gpu[1-2],login,n1");
	check_list("a1b2 a1b3 a2b3", 256, "a1b[2-3],a2b3");
	check_list("login login2", 256, "login,login2");
	check_list("alpha beta gamma", 16, "alpha,beta,...");
	check_list("n99999999999999999999 n1", 256, "n1,n99999999999999999999");
}

static int parse(struct options *o, const char *words, struct dlfm_error *e)
{
	static char copy[256];
	char *argv[16] = {(char *)"dlfm-stage"}, *p, *save = NULL;
	int n = 1;

	strcpy(copy, words);
	for (p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
		argv[n++] = p;
	return options_parse(o, n, argv, e);
}

static void test_options(void **state)
{
	struct dlfm_error e;
	struct options o;

	(void)state;
	assert_int_equal(
		parse(&o,
		      "--transport=pmix --stale=drop --dirs=/a:/b --max-size=2G --lease=7.0 "
		      "--fanout=3 --require --quiet --rate=1.5M --interfaces=ib* c.dat",
		      &e),
		0);
	assert_int_equal(o.transport, DLFM_TRANSPORT_PMIX);
	assert_int_equal(o.tree.stale, DLFM_STALE_DROP);
	assert_string_equal(o.tree.stage.dirs[1], "/b");
	assert_null(o.tree.stage.dirs[2]);
	assert_true(o.tree.stage.max_size == (uint64_t)2 << 30);
	assert_string_equal(o.tree.stage.lease, "7.0");
	assert_int_equal(o.tree.fanout, 3);
	assert_true(o.require && o.quiet);
	assert_true(o.tree.rate == 1.5 * 1048576);
	assert_string_equal(o.tree.cache, "c.dat");
	free(o.dirs_text);

	assert_int_equal(parse(&o, "c.dat", &e), 0);
	assert_true(o.tree.timeout == 300 && o.tree.idle == 10 && o.tree.join == 30);
	assert_null(o.tree.stage.dirs);
	assert_int_equal(parse(&o, "--timeout=30 c.dat", &e), 0);
	assert_true(o.tree.idle == 5 && o.tree.join == 10);
	assert_int_equal(parse(&o, "--release=7", &e), 0);
	assert_string_equal(o.release, "7");
}

static void test_wrong_options(void **state)
{
	static const char *const wrong[] = {
		"",
		"--transport=udp c",
		"--stale= c",
		"--dirs=a c",
		"--dirs= c",
		"c d",
		"--max-size=lots c",
		"--max-size=-1 c",
		"--timeout=0 c",
		"--timeout=nan c",
		"--rate=1Q c",
		"--fanout=1e9 c",
		"--lease",
		"--release=1 c",
		"--nope c",
	};
	struct dlfm_error e;
	struct options o;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(parse(&o, wrong[i], &e), -1);
		assert_true(strlen(e.text) > 0);
		free(o.dirs_text);
	}
}

static void put(struct stage_result *r, uint32_t rank, const char *node, enum report_kind kind,
		const char *text)
{
	struct report one = {.kind = kind, .rank = rank};

	strcpy(one.node, node);
	strcpy(one.text, text);
	assert_non_null(reports_put(&r->reports, &one));
}

static void check_verdict(const struct stage_result *r, int require, int status, const char *line)
{
	const struct options o = {.require = require};
	struct verdict v;

	verdict_make(&v, r, &o);
	assert_string_equal(v.line, line);
	assert_int_equal(v.status, status);
}

static void test_verdict(void **state)
{
	struct stage_result r = {.seconds = 1.5, .brief.file_size = 3 << 20};

	(void)state;
	assert_int_equal(reports_init(&r.reports, 4), 0);
	put(&r, 0, "n1", REPORT_READY, "");
	put(&r, 1, "n2", REPORT_READY, "had it already");
	put(&r, 2, "n3", REPORT_FAILED, "no space");
	put(&r, 3, "n4", REPORT_FAILED, "no space");
	check_verdict(
		&r, 0, STAGE_EXIT_SOME,
		"staging failed on 2 of 4 nodes; n[3-4]: no space; tasks on them run without DLFM");
	check_verdict(&r, 1, DLFM_EXIT_OWN, "staging failed on 2 of 4 nodes; n[3-4]: no space");
	reports_drop(&r.reports, 2);
	put(&r, 2, "n3", REPORT_READY, "");
	reports_drop(&r.reports, 3);
	check_verdict(&r, 0, STAGE_EXIT_SOME,
		      "staging failed on 1 of 4 nodes; rank3: no word from it; tasks on it run "
		      "without DLFM");
	put(&r, 3, "n4", REPORT_READY, "");
	check_verdict(&r, 1, 0, "staged 3.0 MiB on 4 nodes in 1.50 s (1 had it already)");
	r.stale.changed = 2;
	strcpy(r.stale.first, "/sw/a.py");
	check_verdict(&r, 1, 0,
		      "staged 3.0 MiB on 4 nodes in 1.50 s (1 had it already); "
		      "2 recorded paths had changed (/sw/a.py)");
	reports_free(&r.reports);
}

/* Whatever the nodes say, the line stays a line. */
static void test_many_reasons(void **state)
{
	struct stage_result r = {0};
	char text[REPORT_TEXT_MAX], node[16];

	(void)state;
	assert_int_equal(reports_init(&r.reports, 200), 0);
	for (uint32_t i = 0; i < 200; i++) {
		memset(text, 'a' + (int)(i % 26), sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		snprintf(node, sizeof(node), "n%u", i);
		put(&r, i, node, REPORT_FAILED, text);
	}
	{
		const struct options o = {0};
		struct verdict v;

		verdict_make(&v, &r, &o);
		assert_int_equal(v.status, DLFM_EXIT_OWN);
		assert_non_null(strstr(v.line, "and 168 more nodes for other reasons"));
	}
	reports_free(&r.reports);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodelist),      cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong_options), cmocka_unit_test(test_verdict),
		cmocka_unit_test(test_many_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
