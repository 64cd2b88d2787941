/* SPDX-License-Identifier: BSD-3-Clause */
/* The history in a cache: what goes in comes out; a stranger's text is refused or read, never harms. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cache-tools/history.h"

static void put(struct dlfm_history *h, const char *path, uint64_t lookups, uint64_t failed,
		enum dlfm_left_out why)
{
	struct dlfm_history_path *p = dlfm_history_path(h, path, strlen(path));

	assert_non_null(p);
	p->lookups = lookups;
	p->failed = failed;
	p->flags = DLFM_HISTORY_OPENED | DLFM_HISTORY_LD;
	p->size = 4096;
	p->why = why;
}

static struct dlfm_history *sample(void)
{
	struct dlfm_history *h = dlfm_history_new();

	assert_non_null(h);
	put(h, "/sw/lib/b.so", 3, 1, DLFM_NOT_LEFT_OUT);
	put(h, "/sw/lib/a.so", UINT64_MAX, 0, DLFM_LEFT_DATA);
	put(h, "/a b c", 1, 1, DLFM_LEFT_ABSENT);
	return h;
}

static void what_goes_in_comes_out(void **state)
{
	struct dlfm_history *h = sample(), *again;
	const struct dlfm_history_path *p;
	char *text;

	(void)state;
	put(h, "/new\nline", 1, 0, DLFM_NOT_LEFT_OUT);
	text = dlfm_history_write(h);
	assert_non_null(text);
	again = dlfm_history_read(text, NULL);
	assert_non_null(again);
	assert_int_equal(again->n, 3);
	assert_string_equal(again->paths[0].path, "/a b c");
	p = dlfm_history_find(again, "/sw/lib/a.so");
	assert_non_null(p);
	assert_true(p->lookups == UINT64_MAX && p->failed == 0 && p->size == 4096);
	assert_int_equal(p->why, DLFM_LEFT_DATA);
	assert_int_equal(p->flags, DLFM_HISTORY_OPENED | DLFM_HISTORY_LD);
	assert_null(dlfm_history_find(again, "/sw/lib"));
	free(text);
	dlfm_history_free(h);
	dlfm_history_free(again);
}

static void merging_takes_the_larger(void **state)
{
	struct dlfm_history *h = sample(), *other = dlfm_history_new();

	(void)state;
	put(other, "/sw/lib/b.so", 2, 2, DLFM_LEFT_LARGE);
	put(other, "/more", 7, 0, DLFM_NOT_LEFT_OUT);
	assert_int_equal(dlfm_history_merge(h, other), 0);
	assert_int_equal(h->n, 4);
	assert_int_equal(dlfm_history_find(h, "/sw/lib/b.so")->lookups, 3);
	assert_int_equal(dlfm_history_find(h, "/sw/lib/b.so")->failed, 2);
	assert_int_equal(dlfm_history_find(h, "/more")->lookups, 7);
	dlfm_history_free(h);
	dlfm_history_free(other);
}

static void nonsense_is_refused(void **state)
{
	static const char *const texts[] = {
		"x",
		"0 1 0 0 0 -",
		"0 1 0 0 0 - /no-end",
		"0 1 0 0 0 - relative\n",
		"1 1 0 0 0 - /shares-more-than-there-is\n",
		"0 1 0 0 0  /no-letter\n",
		"0 11111111111111111 0 0 0 - /too-long-a-number\n",
		"0 1 0 0 0 - /a\n3 1 0 0 0 - b\n",
		"0 1 0 0 - /too-few\n",
		"\n",
	};
	struct dlfm_error e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(dlfm_history_read(texts[i], &e));
		assert_non_null(strstr(e.text, "record it anew"));
	}
}

static void any_byte_may_be_wrong(void **state)
{
	struct dlfm_history *h = sample();
	char *text = dlfm_history_write(h);
	size_t i;
	int byte;

	(void)state;
	for (i = 0; text[i]; i++) {
		const char was = text[i];

		for (byte = 1; byte < 256; byte++) {
			text[i] = (char)byte;
			dlfm_history_free(dlfm_history_read(text, NULL));
		}
		text[i] = was;
	}
	free(text);
	dlfm_history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(merging_takes_the_larger),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(any_byte_may_be_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
