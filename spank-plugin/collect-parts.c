/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the parts' directory, of node i: `n<i>.begin` when it begins, `n<i>-*.journal`, and `n<i>.end` when all are there. Who
 * makes the last `end` sees all others; of two that do so at once, one makes `packing`, a link to "n<i>", and then the target.
 *
 * A job that is being ended does not wait for this: Slurm kills what slurmstepd has started after KillWait (proctrack/linuxproc
 * does). The node's epilog then goes on from where it was.
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
#include "spank-plugin/collect-parts.h"
#include "spank-plugin/gathering.h"

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

static int is_there(const char *dir, const char *name)
{
	char path[PATH_MAX + NAME_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static int deliver(const struct collect *run, const struct collection *c, const char *journal,
		   const char *parts, struct dlfm_error *e)
{
	char node[16], begin[32], end[32], text[64];
	int n;

	snprintf(node, sizeof(node), "n%u", c->node);
	snprintf(begin, sizeof(begin), "%s.begin", node);
	snprintf(end, sizeof(end), "%s.end", node);
	if (is_there(parts, end))
		return 0;
	if (write_file(parts, begin, "", e) < 0)
		return -1;
	n = dlfm_journal_gather(journal, parts, node, e);
	snprintf(text, sizeof(text), "%u %u %d %u\n", run->failed, run->killed, n < 0,
		 run->unknown);
	if (write_file(parts, begin, text, e) < 0)
		return -1;
	return rename_in(parts, begin, end, e);
}

static void add_end(struct collect_sum *sum, int fd, const char *name)
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

static struct collect_sum add_up(const char *parts)
{
	struct collect_sum sum = {0};
	struct dirent *de;
	const char *dot;
	DIR *d;

	gathering_look_afresh(parts);
	d = opendir(parts);
	while (d && (de = readdir(d))) {
		dot = strrchr(de->d_name, '.');
		if (dot && strcmp(dot, ".end") == 0)
			add_end(&sum, dirfd(d), de->d_name);
	}
	if (d)
		closedir(d);
	return sum;
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

/* Is it this process that makes the target? In the epilog whatever began it on this node has been killed. */
static int claim(const struct collect *run, const struct collection *c, const char *parts)
{
	char packing[PATH_MAX + 16], own[16], owner[16] = "";

	snprintf(packing, sizeof(packing), "%s/packing", parts);
	snprintf(own, sizeof(own), "n%u", c->node);
	if (symlink(own, packing) == 0)
		return 1;
	return run->unknown && readlink(packing, owner, sizeof(owner) - 1) > 0 &&
	       strcmp(owner, own) == 0;
}

/* What is done is not done again by the epilog. */
static void forget(const char *journal)
{
	char ticket[PATH_MAX + 16];

	snprintf(ticket, sizeof(ticket), "%s/.ticket", journal);
	unlink(ticket);
}

int collect_parts(const struct collect *run, const struct collection *c, const char *journal,
		  struct dlfm_error *e)
{
	char parts[PATH_MAX];
	struct collect_sum sum;
	int mine; /* else another node makes the target */

	if (gathering_parts(&c->ticket, parts) < 0)
		return dlfm_errf(e, "%.100s...: the path is too long",
				 gathering_target(&c->ticket.option));
	if (gathering_make_parts(parts, e) < 0)
		return -1;
	if (deliver(run, c, journal, parts, e) < 0)
		return -1;
	sum = add_up(parts);
	mine = sum.nodes >= c->nodes && claim(run, c, parts);
	if (mine)
		collect_finish(run, &c->ticket, &sum, parts);
	forget(journal);
	if (mine)
		remove_parts(parts);
	return 0;
}
