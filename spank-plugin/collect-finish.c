/* SPDX-License-Identifier: BSD-3-Clause */
/* Making the target of the gathered journals: a cache, a report, a cache that knows more. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/learn.h"
#include "cache-tools/report.h"
#include "spank-plugin/collect-parts.h"
#include "spank-plugin/command.h"
#include "spank-plugin/gathering.h"

enum { REPORT_LINES = 10 };

/* Says in the log what is not as it should be; nothing: the log goes. */
static void write_log(const struct ticket *t, const char *text)
{
	char path[PATH_MAX];
	int fd;

	if (gathering_log(t, path) < 0)
		return;
	/* Made anew: where others can make files, what stands there may be a link of theirs. */
	unlink(path);
	if (!text[0])
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return;
	dprintf(fd, "%s\n", text);
	close(fd);
}

static int is_partial(const struct collect_sum *sum)
{
	return sum->failed || sum->killed || sum->incomplete || sum->unknown;
}

/* Adds "<n> <what>" to the list; `what` is for one and for several. */
static void add_reason(char *text, size_t size, unsigned n, const char *one, const char *several)
{
	size_t length = strlen(text);

	if (n > 0)
		snprintf(text + length, size - length, "%s %u %s",
			 text[length - 1] == ':' ? "" : ",", n, n == 1 ? one : several);
}

static void describe(const struct collect_sum *sum, const struct ticket *t, char *text, size_t size)
{
	text[0] = '\0';
	if (!is_partial(sum))
		return;
	snprintf(text, size, "the record of step %u.%u is partial:", t->job, t->step);
	add_reason(text, size, sum->killed, "task was killed", "tasks were killed");
	add_reason(text, size, sum->failed, "task failed", "tasks failed");
	add_reason(text, size, sum->unknown, "node lost its slurmstepd",
		   "nodes lost their slurmstepd");
	add_reason(text, size, sum->incomplete, "node's journals are missing",
		   "nodes' journals are missing");
}

/* Runs dlfm with these arguments; what it says when it fails goes into the text. */
static int run_dlfm(const struct collect *run, const char *const argv[], struct dlfm_error *e)
{
	static const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	struct command_result *r = malloc(sizeof(*r));
	int rc = -1;

	if (!r)
		return dlfm_errf(e, "no memory");
	if (command_run(r, argv, environment, run->timeout, NULL, e) == 0) {
		if (r->end == COMMAND_EXITED && r->status == 0)
			rc = 0;
		else if (r->end == COMMAND_TIMEOUT)
			dlfm_errf(e,
				  "dlfm %s took more than %u seconds (timeout= of plugstack.conf)",
				  argv[1], run->timeout);
		else
			dlfm_errf(e, "%s", command_gist(r, NULL));
	}
	free(r);
	return rc;
}

static int pack(const struct collect *run, const struct ticket *t, const struct collect_sum *sum,
		const char *parts, const char *output, struct dlfm_error *e)
{
	char option[PATH_MAX + 32];
	const char *argv[8] = {run->dlfm, "pack", "--quiet", option};
	int n = 4;

	snprintf(option, sizeof(option), "--output=%s", output);
	if (t->option.scope != DLFM_SCOPE_DEFAULT)
		argv[n++] = t->option.scope == DLFM_SCOPE_ALL ? "--scope=all" : "--scope=shared";
	if (is_partial(sum))
		argv[n++] = "--partial";
	argv[n] = parts;
	return run_dlfm(run, argv, e);
}

static int report(const struct ticket *t, const char *parts, struct dlfm_error *e)
{
	struct dlfm_report *r = dlfm_report_read(parts, e);
	int rc = r ? dlfm_report_write(r, t->option.report_file, 0, REPORT_LINES, e) : -1;

	dlfm_report_free(r);
	return rc;
}

/* Puts what went wrong behind what stands in the text already. */
static void add_failure(char *text, size_t size, const char *what, const struct ticket *t,
			const struct dlfm_error *e)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "%s%s of step %u.%u: %s", length ? "; " : "", what,
		 t->job, t->step, e->text);
}

void collect_finish(const struct collect *run, const struct ticket *t,
		    const struct collect_sum *sum, const char *parts)
{
	const struct dlfm_job_option *o = &t->option;
	char text[4096] = "";
	struct dlfm_error e;

	if (o->mode == DLFM_MODE_RECORD) {
		describe(sum, t, text, sizeof(text));
		if (pack(run, t, sum, parts, o->file, &e) < 0) {
			text[0] = '\0';
			add_failure(text, sizeof(text), "no cache was made", t, &e);
		}
	}
	if (o->mode == DLFM_MODE_REPLAY && o->report && report(t, parts, &e) < 0)
		add_failure(text, sizeof(text), "no report was made", t, &e);
	if (o->mode == DLFM_MODE_REPLAY && o->learn && dlfm_learn(o->file, &parts, 1, &e) < 0)
		add_failure(text, sizeof(text), "nothing was learned", t, &e);
	write_log(t, text);
}
