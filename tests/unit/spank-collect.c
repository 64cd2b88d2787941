/* SPDX-License-Identifier: BSD-3-Clause */
/* The last node to deliver makes the target, once, whatever was killed before; what the nodes said is added up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "spank-plugin/collect-parts.h"
#include "spank-plugin/gathering.h"

static char dir[64], parts[PATH_MAX];
static struct collection c;
static struct collect_sum made;
static int times;
static struct dlfm_error e;

/* Instead of collect-finish.c. */
void collect_finish(const struct collect *run, const struct ticket *t,
		    const struct collect_sum *sum, const char *where)
{
	(void)run, (void)t;
	assert_string_equal(where, parts);
	made = *sum;
	times++;
}

static int start(void **state)
{
	(void)state;
	strcpy(dir, "/var/tmp/dlfm-collect.XXXXXX");
	times = 0;
	if (!mkdtemp(dir))
		return -1;
	c = (struct collection){.nodes = 3, .ticket = {.job = 7, .step = 1}};
	c.ticket.option.mode = DLFM_MODE_RECORD;
	snprintf(c.ticket.option.file, PATH_MAX, "%s/c.dat", dir);
	return gathering_parts(&c.ticket, parts);
}

static int end(void **state)
{
	char command[200];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static const char *in(const char *parent, const char *name)
{
	static char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	return path;
}

static void touch(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fclose(f);
}

static void deliver_as(unsigned node, const struct collect *run)
{
	char journal[80];

	snprintf(journal, sizeof(journal), "%s/journal%u", dir, node);
	mkdir(journal, 0700);
	touch(in(journal, "12.journal"));
	c.node = node;
	touch(in(journal, ".ticket"));
	if (collect_parts(run, &c, journal, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(access(in(journal, ".ticket"), F_OK), -1); /* not again */
}

static void last_makes_it(void **state)
{
	struct collect fine = {.timeout = 60}, bad = {.failed = 2, .killed = 1, .timeout = 60};

	(void)state;
	deliver_as(2, &fine);
	deliver_as(0, &bad);
	assert_int_equal(times, 0);
	assert_int_equal(access(in(parts, "n2-12.journal"), F_OK), 0);
	deliver_as(1, &bad);
	assert_int_equal(times, 1);
	assert_int_equal(made.nodes, 3);
	assert_int_equal(made.failed, 4);
	assert_int_equal(made.killed, 2);
	assert_int_equal(made.unknown, 0);
	assert_int_equal(made.incomplete, 0);
	assert_int_equal(access(parts, F_OK), -1);
}

static void another_is_at_it(void **state)
{
	struct collect fine = {.timeout = 60};

	(void)state;
	deliver_as(0, &fine);
	deliver_as(1, &fine);
	assert_int_equal(symlink("n1", in(parts, "packing")), 0);
	deliver_as(2, &fine);
	assert_int_equal(times, 0);
}

/* The packer was killed: the epilog of its node goes on, that of another does not. */
static void packer_was_killed(void **state)
{
	struct collect fine = {.killed = 1, .timeout = 60}, epilog = {.unknown = 1, .timeout = 60};

	(void)state;
	deliver_as(0, &fine);
	deliver_as(1, &fine);
	assert_int_equal(symlink("n2", in(parts, "packing")), 0);
	deliver_as(2, &fine);
	deliver_as(1, &epilog);
	assert_int_equal(times, 0);
	deliver_as(2, &epilog);
	assert_int_equal(times, 1);
	assert_int_equal(made.killed, 3); /* what was delivered is known */
	assert_int_equal(made.unknown, 0);
}

static void collector_was_killed(void **state)
{
	struct collect fine = {.timeout = 60}, epilog = {.unknown = 1, .timeout = 60};

	(void)state;
	deliver_as(0, &fine);
	deliver_as(1, &fine);
	touch(in(parts, "n2.begin"));
	deliver_as(2, &epilog);
	assert_int_equal(times, 1);
	assert_int_equal(made.unknown, 1);
}

static void nothing_to_copy(void **state)
{
	struct collect fine = {.timeout = 60};

	(void)state;
	c.nodes = 1;
	c.node = 0;
	assert_int_equal(collect_parts(&fine, &c, in(dir, "absent"), &e), 0);
	assert_int_equal(times, 1);
	assert_int_equal(made.incomplete, 1);
}

static void not_mine(void **state)
{
	struct collect fine = {.timeout = 60};

	(void)state;
	assert_int_equal(symlink("/var/tmp", parts), 0);
	assert_int_equal(collect_parts(&fine, &c, dir, &e), -1);
	assert_non_null(strstr(e.text, parts));
	assert_int_equal(times, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(last_makes_it, start, end),
		cmocka_unit_test_setup_teardown(another_is_at_it, start, end),
		cmocka_unit_test_setup_teardown(packer_was_killed, start, end),
		cmocka_unit_test_setup_teardown(collector_was_killed, start, end),
		cmocka_unit_test_setup_teardown(nothing_to_copy, start, end),
		cmocka_unit_test_setup_teardown(not_mine, start, end),
	};

	return cmocka_run_group_tests_name("spank-collect", tests, NULL, NULL);
}
