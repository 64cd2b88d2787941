/* SPDX-License-Identifier: BSD-3-Clause */
/* Running a program and what becomes of its output: ends of all kinds, limits, interruption, the line that says most. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>
#include <cmocka.h>

#include "spank-plugin/command.h"
#include "spank-plugin/each.h"
#include "spank-plugin/interrupt.h"

static struct command_result r;
static struct dlfm_error e;

static void run(const char *script, unsigned timeout, const char *const *last_words)
{
	const char *argv[] = {"/bin/sh", "-c", script, NULL}, *envp[] = {"A=b", NULL};

	assert_int_equal(command_run(&r, argv, envp, timeout, last_words, &e), 0);
}

static void ends(void **state)
{
	const char *argv[] = {"/nonexistent/x", NULL}, *envp[] = {NULL};

	(void)state;
	run("echo $A; echo err >&2; cat; exit 3", 60, NULL);
	assert_int_equal(r.end, COMMAND_EXITED);
	assert_int_equal(r.status, 3);
	assert_string_equal(r.output, "b\nerr\n");
	run("kill -SEGV $$", 60, NULL);
	assert_int_equal(r.end, COMMAND_KILLED);
	assert_int_equal(r.status, SIGSEGV);
	run("kill -INT $$", 60, NULL);
	assert_int_equal(r.end, COMMAND_INTERRUPTED);
	run("exit 130", 60, NULL);
	assert_int_equal(r.end, COMMAND_INTERRUPTED);
	run("echo 'srun: forcing job termination'; exit 1", 60, NULL);
	assert_int_equal(r.end, COMMAND_INTERRUPTED);
	assert_int_equal(command_run(&r, argv, envp, 60, NULL, &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/x"));
}

static void limits(void **state)
{
	static const char *const words[] = {"first", "last", NULL};

	(void)state;
	run("sleep 100", 1, NULL);
	assert_int_equal(r.end, COMMAND_TIMEOUT);
	run("trap '' INT TERM; while :; do sleep 0.1; done", 1, NULL);
	assert_int_equal(r.end, COMMAND_TIMEOUT);
	run("echo 'last word'; exec sleep 100", 60, words);
	assert_int_equal(r.end, COMMAND_LINGERED);
	assert_string_equal(r.output, "last word\n");
}

static void long_output(void **state)
{
	(void)state;
	run("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i + 1)); done; echo end", 60, NULL);
	assert_int_equal(r.end, COMMAND_EXITED);
	assert_true(strlen(r.output) < COMMAND_OUTPUT_MAX);
	assert_string_equal(r.output + strlen(r.output) - 15, "line 19999\nend\n");
}

static void interrupted(void **state)
{
	struct interrupt before;
	char script[64];
	sigset_t blocked;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM); /* as srun has it */
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	interrupt_begin(&before);
	snprintf(script, sizeof(script), "kill -TERM %ld; exec sleep 100", (long)getpid());
	run(script, 60, NULL);
	assert_int_equal(r.end, COMMAND_INTERRUPTED);
	run("exec sleep 100", 60, NULL); /* nor is anything else begun */
	assert_int_equal(r.end, COMMAND_INTERRUPTED);
	assert_int_equal(interrupt_end(&before), 1);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	assert_int_equal(sigismember(&blocked, SIGTERM), 1);

	signal(SIGHUP, SIG_IGN); /* nohup srun */
	interrupt_begin(&before);
	raise(SIGHUP);
	assert_int_equal(interrupt_end(&before), 0);
}

static void assert_gist(const char *output, const char *gist, int ours)
{
	int is_ours;

	snprintf(r.output, sizeof(r.output), "%s", output);
	assert_string_equal(command_gist(&r, &is_ours), gist);
	assert_int_equal(is_ours, ours);
}

static void gists(void **state)
{
	(void)state;
	assert_gist("", "it said nothing", 0);
	assert_gist("one\ntwo\n\n", "two", 0);
	assert_gist("srun: error: bad\nmore\n", "bad", 0);
	assert_gist(
		"srun: error: a\nslurmstepd: error: execve(): x: No such file\nsrun: error: b\n",
		"slurmstepd: error: execve(): x: No such file", 0);
	assert_gist("dlfm: first\nsrun: error: n1: exit 1\ndlfm: second\r\n", "second", 1);
}

static void each(void **state)
{
	static const char *const names[] = {"n1", "n2", "n7"};
	struct each_failures f;

	(void)state;
	assert_int_equal(each_read(&f, "0: hello\nsrun: error: n1: x\n", names, 3), 0);
	assert_int_equal(f.nodes, 0);
	each_free(&f);
	assert_int_equal(each_read(&f,
				   " 1: dlfm: warned\n0: dlfm: noexec\n 1: dlfm: full\n"
				   "2: dlfm: noexec\n9: dlfm: who\n1: other",
				   names, 3),
			 0);
	assert_int_equal(f.nodes, 3);
	assert_int_equal(f.n_reasons, 2);
	each_describe(&f, 3, &e);
	assert_string_equal(e.text,
			    "staging failed on 3 of 3 nodes; n1,n7: noexec; n2: full; tasks on "
			    "them run without DLFM");
	each_free(&f);
	assert_int_equal(each_read(&f, "2: dlfm: noexec", names, 3), 0);
	each_describe(&f, 3, &e);
	assert_string_equal(
		e.text, "staging failed on 1 of 3 nodes; n7: noexec; tasks on it run without DLFM");
	each_free(&f);
}

static void many_reasons(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
	struct each_failures f;

	(void)state;
	assert_int_equal(
		each_read(&f,
			  "0: dlfm: 1\n1: dlfm: 2\n2: dlfm: 3\n3: dlfm: 4\n4: dlfm: 5\n5: dlfm: 6",
			  names, 6),
		0);
	assert_int_equal(f.nodes, 6);
	assert_int_equal(f.n_reasons, EACH_REASONS_MAX);
	assert_string_equal(f.reasons[EACH_REASONS_MAX - 1].nodes, "d,e,f");
	each_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends),	       cmocka_unit_test(limits),
		cmocka_unit_test(long_output), cmocka_unit_test(gists),
		cmocka_unit_test(each),	       cmocka_unit_test(many_reasons),
		cmocka_unit_test(interrupted),
	};

	return cmocka_run_group_tests_name("spank-command", tests, NULL, NULL);
}
