/* SPDX-License-Identifier: BSD-3-Clause */
/* The journal's writer: merging, threads and signal handlers at once, fork and vfork children. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libdlfm/journal.h"

static char dir[] = "/tmp/dlfm-journal.XXXXXX";
static struct dlfm_journal *journal;

static void add(enum dlfm_record_kind kind, unsigned ops, int err, const char *a, const char *b)
{
	dlfm_journal_add(journal, kind, ops, err, a, strlen(a), b, b ? strlen(b) : 0);
}

/* ---- reading ---- */

struct seen {
	const char *a; /* what is counted */
	unsigned records, counts, holes;
};

static void count_record(struct seen *seen, const struct dlfm_journal_record *r)
{
	const char *a = (const char *)(r + 1);

	assert_int_equal(a[r->a_len], 0);
	assert_int_equal(a[r->a_len + 1 + r->b_len], 0);
	if (strcmp(a, seen->a) == 0) {
		seen->records++;
		seen->counts += r->count;
	}
}

static void walk(const char *base, size_t size, struct seen *seen)
{
	const struct dlfm_journal_header *h = (const void *)base;
	size_t at = (sizeof(*h) + h->strings + 7) / 8 * 8;

	assert_memory_equal(h->magic, DLFM_JOURNAL_MAGIC, 8);
	assert_true(h->tail <= size && h->allocated == size);
	while (at < h->tail) {
		const struct dlfm_journal_record *r = (const void *)(base + at);

		assert_int_equal(r->mark, DLFM_RECORD_MARK ^ (uint32_t)at);
		assert_int_equal(r->size % 8, 0);
		if (r->kind)
			count_record(seen, r);
		else
			seen->holes++;
		at += r->size;
	}
}

/* Counts records about `a` in the journals of one process. */
static struct seen look(const char *a, pid_t pid)
{
	struct seen seen = {.a = a};
	char prefix[32], path[PATH_MAX];
	struct dirent *de;
	struct stat st;
	DIR *d = opendir(dir);

	snprintf(prefix, sizeof(prefix), "fm-%d-", (int)pid);
	while ((de = readdir(d))) {
		if (strncmp(de->d_name, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		int fd = open(path, O_RDONLY);
		assert_int_equal(fstat(fd, &st), 0);
		char *base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
		assert_ptr_not_equal(base, MAP_FAILED);
		close(fd);
		walk(base, (size_t)st.st_size, &seen);
		munmap(base, (size_t)st.st_size);
	}
	closedir(d);
	return seen;
}

static unsigned journals_of(pid_t pid)
{
	char prefix[32];
	unsigned n = 0;
	struct dirent *de;
	DIR *d = opendir(dir);

	snprintf(prefix, sizeof(prefix), "fm-%d-", (int)pid);
	while ((de = readdir(d)))
		n += strncmp(de->d_name, prefix, strlen(prefix)) == 0;
	closedir(d);
	return n;
}

/* ---- tests ---- */

static void test_merge(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		add(DLFM_REC_PATH, DLFM_OP_STAT, 0, "/same", NULL);
		add(DLFM_REC_PATH, DLFM_OP_OPEN, 0, "/same", NULL);
		add(DLFM_REC_PATH, DLFM_OP_STAT, 2, "/same", NULL);
		add(DLFM_REC_SEARCH, 0, 0, "/never merged", "x");
		add(DLFM_REC_TRY, 0, 2, "/never merged", "x");
	}
	assert_int_equal(look("/same", getpid()).records, 3);
	assert_int_equal(look("/same", getpid()).counts, 30);
	assert_int_equal(look("/never merged", getpid()).records, 20);
}

static void test_strings(void **state)
{
	static char longest[DLFM_JOURNAL_CHUNK / 2 + 1];

	(void)state;
	add(DLFM_REC_PATH, 0, 0, "", NULL);
	assert_int_equal(look("", getpid()).records, 1);
	memset(longest, 'x', 5000);
	add(DLFM_REC_PATH, 0, 0, longest, longest);
	assert_int_equal(look(longest, getpid()).records, 1);
	dlfm_journal_add(NULL, DLFM_REC_PATH, 0, 0, "x", 1, NULL, 0);
	dlfm_journal_count(NULL, DLFM_COUNT_HIT);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void on_alarm(int sig)
{
	(void)sig;
	add(DLFM_REC_PATH, 0, 0, "/from a signal handler", NULL);
}

static void *hammer(void *arg)
{
	char own[64];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(own, sizeof(own), "/thread/%p/%d", arg, i);
		add(DLFM_REC_PATH, DLFM_OP_STAT, 0, own, NULL);
		snprintf(own, sizeof(own), "/common/%d", i % 100);
		add(DLFM_REC_PATH, DLFM_OP_STAT, 0, own, NULL);
		dlfm_journal_count(journal, DLFM_COUNT_MISS);
	}
	return arg;
}

static void test_threads(void **state)
{
	const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	pthread_t threads[THREADS];
	struct seen seen;

	(void)state;
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	for (long i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	seen = look("/common/7", getpid());
	assert_int_equal(seen.counts, THREADS * ROUNDS / 100);
	assert_true(seen.records <= 2 * THREADS);
	assert_int_equal(seen.holes, 0);
	assert_int_equal(look("/thread/0x2/19999", getpid()).counts, 1);
	assert_true(look("/from a signal handler", getpid()).counts > 0);
}

static pid_t run_child(pid_t (*make)(void), const char *path)
{
	const pid_t pid = make();

	if (pid == 0) {
		add(DLFM_REC_PATH, 0, 0, path, NULL);
		add(DLFM_REC_PATH, 0, 0, path, NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

static void test_fork(void **state)
{
	(void)state;
	add(DLFM_REC_PATH, 0, 0, "/before", NULL);
	const pid_t pid = run_child(fork, "/child");
	assert_int_equal(journals_of(pid), 1);
	assert_int_equal(look("/child", pid).counts, 2);
	assert_int_equal(look("/child", pid).records, 1);
	assert_int_equal(look("/before", pid).records, 0);
	assert_int_equal(look("/child", getpid()).records, 0);
}

static void test_vfork(void **state)
{
	(void)state;
	const pid_t pid = vfork();

	if (pid == 0) {
		add(DLFM_REC_PATH, 0, 0, "/vforked", NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(journals_of(pid), 0);
	assert_int_equal(look("/vforked", getpid()).records, 1);
}

static int start(void **state)
{
	const struct dlfm_journal_process process = {.layer = DLFM_LAYER_FM,
						     .ld_library_path = "/x"};

	(void)state;
	assert_non_null(mkdtemp(dir));
	journal = dlfm_journal_open(dir, &process);
	return journal ? 0 : -1;
}

static int finish(void **state)
{
	char command[sizeof(dir) + 16];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void test_open(void **state)
{
	const struct dlfm_journal_process process = {.layer = DLFM_LAYER_FM};

	(void)state;
	assert_int_equal(journals_of(getpid()), 1);
	assert_null(dlfm_journal_open(dir, &process)); /* at most one */
	assert_int_equal(journals_of(getpid()), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),	cmocka_unit_test(test_merge),
		cmocka_unit_test(test_strings), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_fork),	cmocka_unit_test(test_vfork),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
