/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the parts' directory, of node i: `n<i>.begin` when it begins, `n<i>-*.journal`, and `n<i>.end` when all are there. Who
 * makes the last `end` sees all others; of two that do so at once, one makes `packing`, and packs.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/journal-gather.h"
#include "spank-plugin/collect-record.h"
#include "spank-plugin/command.h"
#include "spank-plugin/recording.h"

/* What the nodes said of their tasks, added up. */
struct sum {
	unsigned nodes, failed, killed, incomplete, unknown;
};

static int write_file(const char *dir, const char *name, const char *text, struct dlfm_error *e)
{
	char path[PATH_MAX + NAME_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f)
		return dlfm_errnof(e, "cannot write %s", path);
	fputs(text, f);
	return fclose(f) ? dlfm_errnof(e, "cannot write %s", path) : 0;
}

static int rename_in(const char *dir, const char *from, const char *to, struct dlfm_error *e)
{
	char old[PATH_MAX + NAME_MAX], new[PATH_MAX + NAME_MAX];

	snprintf(old, sizeof(old), "%s/%s", dir, from);
	snprintf(new, sizeof(new), "%s/%s", dir, to);
	return rename(old, new) < 0 ? dlfm_errnof(e, "cannot rename %s", old) : 0;
}

static int deliver(const struct collect *run, const struct collection *c, const char *journal,
		   const char *parts, struct dlfm_error *e)
{
	char node[16], begin[32], end[32], text[64];
	int n;

	snprintf(node, sizeof(node), "n%u", c->node);
	snprintf(begin, sizeof(begin), "%s.begin", node);
	snprintf(end, sizeof(end), "%s.end", node);
	if (write_file(parts, begin, "", e) < 0)
		return -1;
	n = dlfm_journal_gather(journal, parts, node, e);
	snprintf(text, sizeof(text), "%u %u %d %u\n", run->failed, run->killed, n < 0,
		 run->unknown);
	if (write_file(parts, begin, text, e) < 0)
		return -1;
	return rename_in(parts, begin, end, e);
}

static void add_end(struct sum *sum, int fd, const char *name)
{
	int file = openat(fd, name, O_RDONLY | O_CLOEXEC);
	unsigned failed = 0, killed = 0, incomplete = 1, unknown = 0;
	FILE *f = file < 0 ? NULL : fdopen(file, "r");

	if (f && fscanf(f, "%u %u %u %u", &failed, &killed, &incomplete, &unknown) != 4)
		incomplete = 1;
	if (f)
		fclose(f);
	sum->nodes++;
	sum->failed += failed;
	sum->killed += killed;
	sum->incomplete += incomplete;
	sum->unknown += unknown;
}

static struct sum add_up(const char *parts)
{
	struct sum sum = {0};
	DIR *d = opendir(parts);
	struct dirent *de;
	const char *dot;

	while (d && (de = readdir(d))) {
		dot = strrchr(de->d_name, '.');
		if (dot && strcmp(dot, ".end") == 0)
			add_end(&sum, dirfd(d), de->d_name);
	}
	if (d)
		closedir(d);
	return sum;
}

/* Says in FILE.log what is not as it should be; nothing: the log goes. */
static void write_log(const struct ticket *t, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	if (recording_log(t, path) < 0)
		return;
	if (!text[0]) {
		unlink(path);
		return;
	}
	f = fopen(path, "we");
	if (!f)
		return;
	fprintf(f, "%s\n", text);
	fclose(f);
}

static int is_partial(const struct sum *sum)
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

static void describe(const struct sum *sum, const struct ticket *t, char *text, size_t size)
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

static int run_pack(const struct collect *run, const struct ticket *t, const struct sum *sum,
		    const char *parts, struct dlfm_error *e)
{
	static const char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	struct command_result *r = malloc(sizeof(*r));
	char output[PATH_MAX + 16];
	const char *argv[8] = {run->dlfm, "pack", "--quiet", output};
	int n = 4, rc = -1;

	if (!r)
		return dlfm_errf(e, "no memory");
	snprintf(output, sizeof(output), "--output=%s", t->option.file);
	if (t->option.scope != DLFM_SCOPE_DEFAULT)
		argv[n++] = t->option.scope == DLFM_SCOPE_ALL ? "--scope=all" : "--scope=shared";
	if (is_partial(sum))
		argv[n++] = "--partial";
	argv[n] = parts;
	if (command_run(r, argv, environment, run->timeout, e) == 0) {
		if (r->end == COMMAND_EXITED && r->status == 0)
			rc = 0;
		else if (r->end == COMMAND_TIMEOUT)
			dlfm_errf(e,
				  "packing took more than %u seconds (timeout= of plugstack.conf)",
				  run->timeout);
		else
			dlfm_errf(e, "%s", command_gist(r, NULL));
	}
	free(r);
	return rc;
}

static void remove_parts(const char *parts)
{
	char path[PATH_MAX + NAME_MAX + 2];
	DIR *d = opendir(parts);
	struct dirent *de;

	while (d && (de = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", parts, de->d_name);
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		    unlink(path) < 0 && errno == EISDIR)
			rmdir(path);
	}
	if (d)
		closedir(d);
	rmdir(parts);
}

static void pack(const struct collect *run, const struct ticket *t, const struct sum *sum,
		 const char *parts)
{
	char packing[PATH_MAX + 16], text[1024 + 256];
	struct dlfm_error e;

	snprintf(packing, sizeof(packing), "%s/packing", parts);
	if (mkdir(packing, 0700) < 0)
		return; /* another node does it */
	describe(sum, t, text, sizeof(text));
	if (run_pack(run, t, sum, parts, &e) < 0)
		snprintf(text, sizeof(text), "no cache was made of step %u.%u: %s", t->job, t->step,
			 e.text);
	write_log(t, text);
	remove_parts(parts);
}

int collect_record(const struct collect *run, const struct collection *c, const char *journal,
		   struct dlfm_error *e)
{
	char parts[PATH_MAX];
	struct sum sum;

	if (recording_parts(&c->ticket, parts) < 0)
		return dlfm_errf(e, "the path of %.100s... is too long", c->ticket.option.file);
	if (mkdir(parts, 0700) < 0 && errno != EEXIST)
		return dlfm_errnof(e, "cannot make %s", parts);
	if (deliver(run, c, journal, parts, e) < 0)
		return -1;
	sum = add_up(parts);
	if (sum.nodes >= c->nodes)
		pack(run, &c->ticket, &sum, parts);
	return 0;
}
