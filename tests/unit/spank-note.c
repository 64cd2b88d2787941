/* SPDX-License-Identifier: BSD-3-Clause */
/* The note: what is written is found, by key and by the job's incarnation; what is no note is not used; it goes. */
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

#include "spank-plugin/note.h"

static char dir[64], path[128];
static const char *dirs[] = {"/nonexistent", dir, NULL};

static int start(void **state)
{
	(void)state;
	strcpy(dir, "/var/tmp/dlfm-note.XXXXXX");
	unsetenv("SLURM_RESTART_COUNT");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/dlfm-%u/note.7", dir, geteuid());
	return 0;
}

static int end(void **state)
{
	char command[200];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void assert_note(uint32_t job, const char *key, const char *wanted)
{
	char *nodes = note_nodes(dirs, job, key);

	if (wanted) {
		assert_non_null(nodes);
		assert_string_equal(nodes, wanted);
	} else {
		assert_null(nodes);
	}
	free(nodes);
}

static void found_again(void **state)
{
	struct stat st;

	(void)state;
	assert_note(7, "7.aa", NULL);
	note_write(dirs, 7, "7.aa", "n[1-4]");
	assert_note(7, "7.aa", "n[1-4]");
	assert_note(7, "7.a", NULL);
	assert_note(7, "7.bb", NULL);
	assert_note(8, "7.aa", NULL);
	note_write(dirs, 7, "7.bb", "n2");
	note_write(dirs, 7, "7.aa", "n[1-5]");
	assert_note(7, "7.aa", "n[1-5]");
	assert_note(7, "7.bb", "n2");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void requeued(void **state)
{
	(void)state;
	note_write(dirs, 7, "7.aa", "n1");
	setenv("SLURM_RESTART_COUNT", "1", 1);
	assert_note(7, "7.aa", NULL);
	note_write(dirs, 7, "7.bb", "n2");
	assert_note(7, "7.bb", "n2");
	unsetenv("SLURM_RESTART_COUNT");
	assert_note(7, "7.aa", NULL); /* what the incarnation before knew went */
	assert_note(7, "7.bb", NULL);
}

static void damaged(void **state)
{
	FILE *f;

	(void)state;
	note_write(dirs, 7, "7.aa", "n1");
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "\n0\n0 \n0 7.aa\nx 7.aa n1\n0 7.bb n3\n");
	fclose(f);
	assert_note(7, "7.aa", NULL);
	assert_note(7, "7.bb", "n3");
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_note(7, "7.bb", NULL);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_note(7, "7.bb", NULL); /* and does not hang */
}

static void removed(void **state)
{
	(void)state;
	note_write(dirs, 7, "7.aa", "n1");
	note_write(dirs, 8, "8.aa", "n1");
	note_remove(dirs, 7);
	assert_note(7, "7.aa", NULL);
	assert_note(8, "8.aa", "n1");
	note_remove(dirs, 8);
	note_remove(dirs, 9);
	assert_int_equal(rmdir(dir), 0); /* nor is the store there any more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(found_again, start, end),
		cmocka_unit_test_setup_teardown(requeued, start, end),
		cmocka_unit_test_setup_teardown(damaged, start, end),
		cmocka_unit_test_setup_teardown(removed, start, end),
	};

	return cmocka_run_group_tests_name("spank-note", tests, NULL, NULL);
}
