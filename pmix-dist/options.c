/* SPDX-License-Identifier: BSD-3-Clause */
/* Options and their help. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "pmix-dist/options.h"
#include "pmix-dist/trace.h"

struct row {
	const char *name, *argument; /* argument NULL: none */
	const char *help;
	int (*set)(struct options *o, const char *value, struct dlfm_error *e);
};

/* ---- values ---- */

static int take_number(double *to, const char *text, double least, double most,
		       struct dlfm_error *e)
{
	char *end;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (errno || end == text || *end || isnan(v) || v < least || v > most)
		return dlfm_errf(e, "'%s' is not a number from %g to %g", text, least, most);
	*to = v;
	return 0;
}

/* A number with K, M, G or T (powers of 1024) after it. */
static int take_size(double *to, const char *text, struct dlfm_error *e)
{
	static const char units[] = "KMGT";
	char *end, *unit;
	double v;

	errno = 0;
	v = strtod(text, &end);
	if (errno || end == text || isnan(v) || v < 0)
		return dlfm_errf(e, "'%s' is not a size such as 512M or 4G", text);
	if (*end && (unit = strchr(units, *end))) {
		v = ldexp(v, 10 * (int)(unit - units + 1));
		end++;
	}
	if (*end || v > 1e18)
		return dlfm_errf(e, "'%s' is not a size such as 512M or 4G", text);
	*to = v;
	return 0;
}

static int take_word(int *to, const char *text, const char *const *words, struct dlfm_error *e)
{
	char list[64] = "";
	int i;

	for (i = 0; words[i]; i++) {
		if (strcmp(text, words[i]) == 0) {
			*to = i;
			return 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			 i > 0 ? ", " : "", words[i]);
	}
	return dlfm_errf(e, "'%s' is not one of %s", text, list);
}

/* ---- options ---- */

static int set_transport(struct options *o, const char *value, struct dlfm_error *e)
{
	static const char *const words[] = {"tcp", "mpi", "pmix", NULL};
	int i = 0, rc = take_word(&i, value, words, e);

	if (rc == 0)
		o->transport = (enum dlfm_transport)i;
	return rc;
}

static int set_stale(struct options *o, const char *value, struct dlfm_error *e)
{
	static const char *const words[] = {"refresh", "drop", "fail", NULL};
	int i = 0, rc = take_word(&i, value, words, e);

	if (rc == 0)
		o->tree.stale = (enum dlfm_stale)i;
	return rc;
}

static int set_dirs(struct options *o, const char *value, struct dlfm_error *e)
{
	char *p, *save = NULL;
	int n = 0;

	free(o->dirs_text);
	o->dirs_text = strdup(value);
	if (!o->dirs_text)
		return dlfm_errf(e, "no memory");
	for (p = strtok_r(o->dirs_text, ":", &save); p; p = strtok_r(NULL, ":", &save)) {
		if (n == STAGE_DIRS_MAX || p[0] != '/')
			return dlfm_errf(e, "at most %d absolute directories, not '%s'",
					 (int)STAGE_DIRS_MAX, p);
		o->dirs[n++] = p;
	}
	o->dirs[n] = NULL;
	if (n == 0)
		return dlfm_errf(e, "no directory in '%s'", value);
	o->tree.stage.dirs = o->dirs;
	return 0;
}

static int set_max_size(struct options *o, const char *value, struct dlfm_error *e)
{
	double size = 0;

	if (take_size(&size, value, e) < 0)
		return -1;
	o->tree.stage.max_size = (uint64_t)size;
	return 0;
}

static int set_pmix_max(struct options *o, const char *value, struct dlfm_error *e)
{
	return take_size(&o->pmix_max, value, e);
}

static int set_rate(struct options *o, const char *value, struct dlfm_error *e)
{
	return take_size(&o->tree.rate, value, e);
}

static int set_lease(struct options *o, const char *value, struct dlfm_error *e)
{
	(void)e; /* the stager checks it */
	o->tree.stage.lease = value;
	return 0;
}

static int set_libdir(struct options *o, const char *value, struct dlfm_error *e)
{
	(void)e;
	o->tree.stage.libdir = value;
	return 0;
}

static int set_interfaces(struct options *o, const char *value, struct dlfm_error *e)
{
	(void)e;
	o->tree.interfaces = value;
	return 0;
}

static int set_timeout(struct options *o, const char *value, struct dlfm_error *e)
{
	return take_number(&o->tree.timeout, value, 1, 86400, e);
}

static int set_idle(struct options *o, const char *value, struct dlfm_error *e)
{
	return take_number(&o->tree.idle, value, 0.5, 3600, e);
}

static int set_join(struct options *o, const char *value, struct dlfm_error *e)
{
	return take_number(&o->tree.join, value, 0.5, 3600, e);
}

static int set_fanout(struct options *o, const char *value, struct dlfm_error *e)
{
	double n = 0;

	if (take_number(&n, value, 1, 64, e) < 0)
		return -1;
	o->tree.fanout = (unsigned)n;
	return 0;
}

static int set_trace(struct options *o, const char *value, struct dlfm_error *e)
{
	(void)e;
	o->trace = value;
	o->tree.stage.trace = trace_done;
	return 0;
}

static int set_require(struct options *o, const char *value, struct dlfm_error *e)
{
	(void)value;
	(void)e;
	o->require = true;
	return 0;
}

static int set_quiet(struct options *o, const char *value, struct dlfm_error *e)
{
	(void)value;
	(void)e;
	o->quiet = true;
	return 0;
}

static int set_release(struct options *o, const char *value, struct dlfm_error *e)
{
	(void)e;
	o->release = value;
	return 0;
}

static const struct row rows[] = {
	{"transport", "tcp|mpi|pmix", "how the data travel (tcp)", set_transport},
	{"stale", "refresh|drop|fail", "what to do if recorded files changed (refresh)", set_stale},
	{"dirs", "DIR:...", "directories for the image, in order (/dev/shm, $TMPDIR, /tmp)",
	 set_dirs},
	{"max-size", "SIZE", "refuse a larger image", set_max_size},
	{"lease", "KEY", "take this lease of the image", set_lease},
	{"libdir", "DIR", "where the objects to be injected are copied from", set_libdir},
	{"require", NULL, "it is a failure if one node fails", set_require},
	{"quiet", NULL, "say nothing if all went well", set_quiet},
	{"timeout", "SEC", "limit of the whole (300)", set_timeout},
	{"idle", "SEC", "a node that says nothing for so long is given up (10)", set_idle},
	{"join", "SEC", "a node that does not start within this time is given up (30)", set_join},
	{"fanout", "K", "tcp: nodes below a node (2)", set_fanout},
	{"interfaces", "NAME,...", "tcp: use these network interfaces only; patterns (all)",
	 set_interfaces},
	{"rate", "SIZE", "read at most so much a second", set_rate},
	{"pmix-max", "SIZE", "pmix: refuse a larger cache (64M)", set_pmix_max},
	{"trace", "FILE", "for figures: FILE.RANK tells what that node did when", set_trace},
	{"release", "KEY", "do not stage: release leases KEY and KEY.*", set_release},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void print_help(void)
{
	size_t i;

	printf("usage: dlfm-stage [options] CACHE      in a job, one process a node\n"
	       "       dlfm-stage --release KEY\n"
	       "Stages a cache on every node: one node reads it, the others get it over the "
	       "network.\n\n");
	for (i = 0; i < ROWS; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? "=" : "",
			 rows[i].argument ? rows[i].argument : "");
		printf("  %-28s %s\n", left, rows[i].help);
	}
	printf("  %-28s %s\n  %-28s %s\n", "--help", "this text", "--version", "the version");
	printf("\nStatus: 0 all nodes have the image, 3 some have not, 125 failure. "
	       "See dlfm-stage(1).\n");
}

static void make_table(struct option *table)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		table[i] = (struct option){rows[i].name,
					   rows[i].argument ? required_argument : no_argument, NULL,
					   (int)i + 256};
	table[ROWS] = (struct option){"help", no_argument, NULL, 'h'};
	table[ROWS + 1] = (struct option){"version", no_argument, NULL, 'v'};
	table[ROWS + 2] = (struct option){0};
}

static int take_operand(struct options *o, int argc, char **argv, struct dlfm_error *e)
{
	if (o->release)
		return optind == argc ? 0 : dlfm_errf(e, "--release takes no cache");
	if (optind == argc)
		return dlfm_errf(e, "no cache was named; see dlfm-stage --help");
	if (optind + 1 < argc)
		return dlfm_errf(e, "one cache at a time, not also '%s'", argv[optind + 1]);
	o->tree.cache = argv[optind];
	return 0;
}

static void defaults(struct options *o)
{
	*o = (struct options){
		.transport = DLFM_TRANSPORT_TCP,
		.pmix_max = 64 << 20,
		.tree = {.stale = DLFM_STALE_REFRESH, .fanout = 2, .timeout = 300},
	};
}

int options_parse(struct options *o, int argc, char **argv, struct dlfm_error *e)
{
	struct option table[ROWS + 3];
	int c;

	defaults(o);
	make_table(table);
	optind = 1;
	while ((c = getopt_long(argc, argv, "+:", table, NULL)) != -1) {
		if (c == 'h') {
			print_help();
			return 1;
		}
		if (c == 'v') {
			printf("dlfm-stage %s\n", PACKAGE_VERSION);
			return 1;
		}
		if (c == ':')
			return dlfm_errf(e, "'%s' needs a value", argv[optind - 1]);
		if (c == '?')
			return dlfm_errf(e, "unknown option '%s'; see dlfm-stage --help",
					 argv[optind - 1]);
		if (rows[c - 256].set(o, optarg, e) < 0)
			return dlfm_err_prefix(e, "--%s", rows[c - 256].name);
	}
	/* A short limit of the whole shortens the others. */
	if (o->tree.idle == 0)
		o->tree.idle = fmin(10, o->tree.timeout / 6);
	if (o->tree.join == 0)
		o->tree.join = fmin(30, o->tree.timeout / 3);
	return take_operand(o, argc, argv, e);
}
