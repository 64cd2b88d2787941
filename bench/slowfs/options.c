/* SPDX-License-Identifier: BSD-3-Clause */
/* Options: one table drives parsing and --help. */
#include "config.h"

#include "bench/slowfs/options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum value {
	NOTHING,      /* sets an int to 1 */
	TEXT,	      /* const char * */
	MICROSECONDS, /* uint64_t, nanoseconds */
	MEGABYTES,    /* uint64_t, bytes */
	SECONDS,      /* double */
	NUMBER,	      /* int */
	PRESET,
	CACHE,
	HELP,
	VERSION_OF_US,
};

#define FIELD(x) offsetof(struct slowfs_options, x)

static const struct row {
	const char *name;
	char letter;
	enum value value;
	size_t field;
	const char *arg, *help;
} rows[] = {
	{"preset", 'p', PRESET, 0, "NAME", "nfs, lustre or busy-lustre: server and client"},
	{"service", 0, MICROSECONDS, FIELD(model.service_ns), "US",
	 "time of a metadata request at the server's one queue"},
	{"data-service", 0, MICROSECONDS, FIELD(model.data_service_ns), "US",
	 "time of a read or write at the data servers' queue"},
	{"latency", 0, MICROSECONDS, FIELD(model.latency_ns), "US",
	 "added to every request, not queued"},
	{"bandwidth", 0, MEGABYTES, FIELD(model.bandwidth), "MB/S", "of all data; 0: no limit"},
	{"one-queue", 0, NOTHING, FIELD(model.one_queue), NULL,
	 "data goes through the metadata queue"},
	{"cache", 'c', CACHE, 0, "NAME", "what the client may keep: none (default), nfs, lustre"},
	{"attr-timeout", 0, SECONDS, FIELD(cache.attr_file), "S", "attributes of files"},
	{"dir-attr-timeout", 0, SECONDS, FIELD(cache.attr_dir), "S", "attributes of directories"},
	{"entry-timeout", 0, SECONDS, FIELD(cache.entry), "S", "names"},
	{"negative-timeout", 0, SECONDS, FIELD(cache.negative), "S", "absent names"},
	{"keep-pages", 0, NOTHING, FIELD(cache.keep_pages), NULL,
	 "pages of an unchanged file survive open"},
	{"access-requests", 0, NOTHING, FIELD(access_requests), NULL,
	 "access(2), exec and chdir ask the server (one user only)"},
	{"state", 's', TEXT, FIELD(state_file), "FILE",
	 "counts and queues, shared by all mounts that name it"},
	{"log", 'l', TEXT, FIELD(log_file), "FILE", "append a line for every request"},
	{"threads", 0, NUMBER, FIELD(threads), "N", "requests in flight (default: 128)"},
	{"foreground", 'f', NOTHING, FIELD(foreground), NULL, "stay in the foreground"},
	{"options", 'o', TEXT, FIELD(mount_options), "OPT,...", "mount options"},
	{"counts", 0, TEXT, FIELD(counts_of), "FILE", "print the counts of a state file"},
	{"reset", 0, TEXT, FIELD(reset_of), "FILE", "set the counts of a state file to zero"},
	{"json", 0, NOTHING, FIELD(json), NULL, "with --counts: as JSON"},
	{"help", 'h', HELP, 0, NULL, "this text"},
	{"version", 'V', VERSION_OF_US, 0, NULL, "the version"},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void help(void)
{
	char left[40];

	puts("Usage: dlfm-slowfs [OPTION...] SOURCE MOUNTPOINT\n"
	     "       dlfm-slowfs --counts FILE [--json] | --reset FILE\n"
	     "Mounts a copy of SOURCE that counts requests and answers as slowly as a busy "
	     "server.\n");
	for (unsigned i = 0; i < N_ROWS; i++) {
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].arg ? "=" : "",
			 rows[i].arg ? rows[i].arg : "");
		printf("  %c%c%c %-26s %s\n", rows[i].letter ? '-' : ' ',
		       rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ',' : ' ', left,
		       rows[i].help);
	}
}

static int wrong(const char *name, const char *arg)
{
	fprintf(stderr, "dlfm-slowfs: --%s: not a value: '%s' (see --help)\n", name, arg);
	return 2;
}

/* A number that is not negative; -1 if it is none. */
static double number(const char *arg)
{
	char *end;
	double v = strtod(arg, &end);

	return *arg && !*end && v >= 0 && v < 1e12 ? v : -1;
}

static int set_number(const struct row *row, void *field, const char *arg)
{
	double v = number(arg);

	if (v < 0)
		return wrong(row->name, arg);
	switch (row->value) {
	case MICROSECONDS:
		*(uint64_t *)field = (uint64_t)(v * 1000);
		break;
	case MEGABYTES:
		*(uint64_t *)field = (uint64_t)(v * 1000000);
		break;
	case SECONDS:
		*(double *)field = v;
		break;
	default:
		*(int *)field = (int)v;
	}
	return -1;
}

static int set(struct slowfs_options *o, const struct row *row, char *arg)
{
	void *field = (char *)o + row->field;

	switch (row->value) {
	case NOTHING:
		*(int *)field = 1;
		return -1;
	case TEXT:
		*(const char **)field = arg;
		return -1;
	case PRESET:
		return slowfs_preset(arg, &o->model, &o->cache) ? wrong(row->name, arg) : -1;
	case CACHE:
		return slowfs_cache_preset(arg, &o->cache) ? wrong(row->name, arg) : -1;
	case HELP:
		help();
		return 0;
	case VERSION_OF_US:
		puts("dlfm-slowfs " VERSION);
		return 0;
	default:
		return set_number(row, field, arg);
	}
}

static void getopt_tables(struct option *longs, char *letters)
{
	for (unsigned i = 0; i < N_ROWS; i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].arg ? required_argument : no_argument;
		longs[i].flag = NULL;
		longs[i].val = 256 + (int)i;
		if (rows[i].letter) {
			*letters++ = rows[i].letter;
			if (rows[i].arg)
				*letters++ = ':';
		}
	}
	memset(&longs[N_ROWS], 0, sizeof(longs[0]));
	*letters = '\0';
}

static const struct row *row_of(int c)
{
	if (c >= 256)
		return &rows[c - 256];
	for (unsigned i = 0; i < N_ROWS; i++) {
		if (rows[i].letter == c)
			return &rows[i];
	}
	return NULL;
}

int slowfs_options_parse(struct slowfs_options *o, int argc, char **argv)
{
	struct option longs[N_ROWS + 1];
	char letters[2 * N_ROWS + 1];
	int c, rc;

	memset(o, 0, sizeof(*o));
	o->threads = 128;
	getopt_tables(longs, letters);
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct row *row = c == '?' ? NULL : row_of(c);

		rc = row ? set(o, row, optarg) : 2;
		if (rc != -1)
			return rc;
	}
	if (o->counts_of || o->reset_of)
		return argc == optind ? -1 : 2;
	if (argc - optind != 2) {
		fprintf(stderr, "dlfm-slowfs: wants SOURCE and MOUNTPOINT (see --help)\n");
		return 2;
	}
	o->source = argv[optind];
	o->mountpoint = argv[optind + 1];
	return -1;
}
