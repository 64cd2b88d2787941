/* SPDX-License-Identifier: BSD-3-Clause */
/* Journals are read to their last whole record, whatever became of their writer or of their bytes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache-tools/journal-read.h"

enum { N_RECORDS = 500 };

static char dir[] = "/tmp/dlfm-unit-journal.XXXXXX";
static char *bytes; /* of the journal that a killed process left */
static size_t size;

static void record(struct dlfm_journal *j, enum dlfm_record_kind kind, const char *a, const char *b)
{
	dlfm_journal_add(j, kind, kind == DLFM_REC_PATH ? DLFM_OP_STAT : 0, 0, a, strlen(a), b,
			 b ? strlen(b) : 0);
}

static void write_and_die(void)
{
	const struct dlfm_journal_process process = {.layer = DLFM_LAYER_DL, .tunables = "a=b"};
	struct dlfm_journal *j = dlfm_journal_open(dir, &process);
	char path[64];
	int i;

	for (i = 0; j && i < N_RECORDS - 3; i++) {
		snprintf(path, sizeof(path), "/sw/lib/file-%d", i);
		record(j, DLFM_REC_PATH, path, NULL);
		record(j, DLFM_REC_PATH, path, NULL);
	}
	record(j, DLFM_REC_SEARCH, "/bin/x", "libx.so");
	record(j, DLFM_REC_TRY, "/sw/lib/libx.so", "/bin/x");
	record(j, DLFM_REC_OBJECT, "/sw/lib/libx.so", NULL);
	raise(SIGKILL);
}

static void put_file(const char *data, size_t n)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/dl-1-2.journal", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, data, n), n);
	close(fd);
}

struct seen {
	int journals, records, searches;
	uint32_t counts;
	char last[256];
};

static int take(void *arg, const struct dlfm_journal_copy *j, struct dlfm_error *e)
{
	struct seen *s = arg;
	struct dlfm_journal_line line;
	size_t at = j->first;

	(void)e;
	s->journals++;
	while (dlfm_journal_next(j, &at, &line)) {
		s->records++;
		s->counts += line.kind == DLFM_REC_PATH ? line.count : 0;
		s->searches += line.kind == DLFM_REC_SEARCH && strcmp(line.b, "libx.so") == 0;
		snprintf(s->last, sizeof(s->last), "%s", line.a);
	}
	return 0;
}

static struct seen read_dir(void)
{
	struct seen s = {0};
	struct dlfm_error e = {""};

	if (dlfm_journal_each(dir, take, &s, &e) < 0)
		snprintf(s.last, sizeof(s.last), "%.255s", e.text);
	return s;
}

static size_t record_at(int i)
{
	const struct dlfm_journal_header *h = (const void *)bytes;
	size_t at = (sizeof(*h) + h->strings + 7) & ~(size_t)7;

	while (i-- > 0)
		at += ((const struct dlfm_journal_record *)(bytes + at))->size;
	return at;
}

static void killed_process_left_all(void **state)
{
	struct dlfm_journal_copy j;
	struct dlfm_error e;
	struct seen s;

	(void)state;
	put_file(bytes, size);
	s = read_dir();
	assert_int_equal(s.journals, 1);
	assert_int_equal(s.records, N_RECORDS);
	assert_int_equal(s.counts, 2 * (N_RECORDS - 3));
	assert_int_equal(s.searches, 1);
	assert_string_equal(s.last, "/sw/lib/libx.so");
	assert_int_equal(
		dlfm_journal_copy(&j, open(dir, O_RDONLY | O_DIRECTORY), "dl-1-2.journal", &e), 0);
	assert_non_null(strstr(j.program, "journal-read"));
	assert_null(j.ld_library_path);
	assert_string_equal(j.tunables, "a=b");
	assert_int_equal(j.cwd[0], '/');
	dlfm_journal_release(&j);
}

/* A writer that was killed between two of its stores. */
static void broken_record_is_skipped(void **state)
{
	char *copy = malloc(size);
	struct dlfm_journal_record *r;
	int how;

	(void)state;
	for (how = 0; how < 4; how++) {
		memcpy(copy, bytes, size);
		r = (struct dlfm_journal_record *)(copy + record_at(10));
		if (how == 0)
			r->kind = DLFM_REC_NONE;
		else if (how == 1)
			memset(r, 0, r->size); /* reserved, nothing stored */
		else if (how == 2)
			memset(&r->size, 0,
			       sizeof(*r) - offsetof(struct dlfm_journal_record, size));
		else
			r->a_len = 0x7fffffff;
		put_file(copy, size);
		assert_int_equal(read_dir().records, N_RECORDS - 1);
		assert_int_equal(read_dir().searches, 1);
	}
	free(copy);
}

static void short_file_is_read_as_far_as_it_goes(void **state)
{
	size_t n;

	(void)state;
	for (n = 0; n < record_at(3); n++) {
		put_file(bytes, n);
		assert_true(read_dir().records <= 2 + (n == record_at(3)));
	}
	put_file(bytes, record_at(100));
	assert_int_equal(read_dir().records, 100);
}

static void garbage_is_survived(void **state)
{
	char *copy = malloc(size);
	size_t i;
	int round;

	(void)state;
	srandom(1);
	for (round = 0; round < 300; round++) {
		memcpy(copy, bytes, size);
		for (i = 0; i < 20; i++)
			copy[(size_t)random() % size] = (char)random();
		for (i = 0; i < 3; i++) /* more often where it matters */
			copy[(size_t)random() % sizeof(struct dlfm_journal_header)] =
				(char)random();
		put_file(copy, size);
		assert_true(read_dir().records <= N_RECORDS);
	}
	free(copy);
}

static void other_version_is_told(void **state)
{
	char *copy = malloc(size);

	(void)state;
	memcpy(copy, bytes, size);
	((struct dlfm_journal_header *)copy)->version = 99;
	put_file(copy, size);
	assert_non_null(strstr(read_dir().last, "version 99"));
	free(copy);
}

static int set_up(void **state)
{
	const struct dlfm_journal_header *h;
	char pattern[64];
	struct stat st;
	glob_t found;
	pid_t pid;
	int fd;

	(void)state;
	if (!mkdtemp(dir))
		return -1;
	pid = fork();
	if (pid == 0)
		write_and_die();
	waitpid(pid, NULL, 0);
	snprintf(pattern, sizeof(pattern), "%s/dl-*.journal", dir);
	if (glob(pattern, 0, NULL, &found) != 0)
		return -1;
	fd = open(found.gl_pathv[0], O_RDONLY);
	fstat(fd, &st);
	bytes = malloc((size_t)st.st_size);
	if (read(fd, bytes, (size_t)st.st_size) != st.st_size)
		return -1;
	close(fd);
	unlink(found.gl_pathv[0]);
	globfree(&found);
	h = (const struct dlfm_journal_header *)bytes;
	size = h->tail;
	return 0;
}

static int tear_down(void **state)
{
	char path[128];

	(void)state;
	free(bytes);
	snprintf(path, sizeof(path), "%s/dl-1-2.journal", dir);
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_process_left_all),
		cmocka_unit_test(broken_record_is_skipped),
		cmocka_unit_test(short_file_is_read_as_far_as_it_goes),
		cmocka_unit_test(garbage_is_survived),
		cmocka_unit_test(other_version_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
