/* SPDX-License-Identifier: BSD-3-Clause */
/* The cache by PMIx values. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pmix-dist/bulk.h"
#include "pmix-dist/bytes.h"
#include "pmix-dist/clock.h"
#include "pmix-dist/debug.h"
#include "pmix-dist/input.h"
#include "pmix-dist/local.h"

enum { PIECE_SIZE = 2 * 1024 * 1024, NAME_SIZE = 32, HEADER_TEXT = 1024 };

/* dlfm.header: 0 and the cache's header, or 1 and why there is none. */
enum {
	HEADER_SIZE =
		1 + (HEADER_TEXT > DLFM_CACHE_HEADER_SIZE ? HEADER_TEXT : DLFM_CACHE_HEADER_SIZE)
};

struct bulk {
	const struct options *o;
	struct wireup *w;
	struct stage_result *result;
	double start;
	int wake;
	const volatile int *stop;
	struct local local;
	struct wireup_get **gets; /* rank 0: a report of each other rank */
};

static uint64_t pieces(const struct bulk *b)
{
	return (b->result->brief.file_size + PIECE_SIZE - 1) / PIECE_SIZE;
}

static size_t piece_size(const struct bulk *b, uint64_t i)
{
	uint64_t left = b->result->brief.file_size - i * PIECE_SIZE;

	return left < PIECE_SIZE ? left : PIECE_SIZE;
}

static void piece_name(char name[NAME_SIZE], uint64_t i)
{
	snprintf(name, NAME_SIZE, "dlfm.piece.%llu", (unsigned long long)i);
}

/* ---- getting ---- */

/* Waits for a value, at most until `end`. 0, or -1 with a text; wireup_end() it in either case. */
static int wait_for(struct bulk *b, struct wireup_get *g, const void **data, size_t *size,
		    struct dlfm_error *e)
{
	struct pollfd p = {.fd = b->wake, .events = POLLIN};
	uint64_t count;
	int rc = g ? 0 : dlfm_errf(e, "no memory");

	while (rc == 0) {
		rc = wireup_take(g, data, size, e);
		if (rc == 0 && *b->stop)
			rc = dlfm_errf(e, "interrupted");
		if (rc == 0 && poll(&p, 1, 50) > 0 && read(b->wake, &count, sizeof(count)) < 0)
			count = 0; /* somebody else was faster: asked again */
	}
	return rc < 0 ? -1 : 0;
}

static struct wireup_get *ask(struct bulk *b, uint32_t rank, const char *name, double limit)
{
	return wireup_start(b->w, rank, name, limit, b->wake);
}

/* Seconds left of the limit of the whole. */
static double left(const struct bulk *b)
{
	double seconds = b->start + b->o->tree.timeout - clock_now();

	return seconds > 0 ? seconds : 0;
}

/* 0 if there is a cache, 1 if rank 0 says that there is none, -1 with a text. */
static int get_header(struct bulk *b)
{
	struct wireup_get *g = ask(b, 0, "dlfm.header", left(b));
	const uint8_t *p = NULL;
	size_t size = 0;
	int rc = wait_for(b, g, (const void **)&p, &size, &b->result->error);

	if (rc == 0 && (size != HEADER_SIZE || p[0] > 1))
		rc = dlfm_errf(&b->result->error, "rank 0 is of another version of dlfm-stage; "
						  "install one version on all nodes");
	else if (rc == 0 && p[0] == 1)
		rc = 1;
	else if (rc == 0)
		rc = dlfm_cache_brief(&b->result->brief, p + 1, DLFM_CACHE_HEADER_SIZE,
				      &b->result->error);
	wireup_end(g);
	return rc;
}

static void get_piece(struct bulk *b, uint64_t i)
{
	char name[NAME_SIZE];
	struct wireup_get *g;
	struct dlfm_error e;
	const void *data = NULL;
	size_t size = 0;

	piece_name(name, i);
	g = ask(b, 0, name, left(b));
	if (wait_for(b, g, &data, &size, &e) < 0)
		local_fail(&b->local, &e);
	else
		local_feed(&b->local, data, size);
	wireup_end(g);
}

static void run_other(struct bulk *b)
{
	uint8_t bytes[FRAME_CONTROL_MAX];
	uint64_t i;
	int rc = get_header(b);

	if (rc < 0)
		return;
	b->local.report.kind = REPORT_FAILED;
	if (rc == 0)
		local_open(&b->local, &b->result->brief, &b->o->tree.stage);
	if (b->local.stager)
		for (i = 0; i < pieces(b) && b->local.stager; i++)
			get_piece(b, i);
	local_finish(&b->local);
	if (wireup_put(b->w, "dlfm.report", bytes, report_pack(&b->local.report, bytes),
		       &b->result->error) == 0 &&
	    wireup_commit(b->w, &b->result->error) == 0)
		b->result->known = true;
}

/* ---- rank 0 ---- */

static int put_header(struct bulk *b, const uint8_t *header)
{
	uint8_t bytes[HEADER_SIZE] = {0};

	if (header) {
		memcpy(bytes + 1, header, DLFM_CACHE_HEADER_SIZE);
	} else {
		bytes[0] = 1;
		memcpy(bytes + 1, b->result->error.text, HEADER_TEXT - 1);
	}
	return wireup_put(b->w, "dlfm.header", bytes, sizeof(bytes), &b->result->error);
}

static int check_size(struct bulk *b)
{
	double size = (double)b->result->brief.file_size;

	if (wireup_size(b->w) == 1 || size <= b->o->pmix_max)
		return 0;
	return dlfm_errf(&b->result->error,
			 "%s has %.0f MiB, transport=pmix takes at most %.0f (--pmix-max); "
			 "use transport=tcp",
			 b->o->tree.cache, size / 1048576, b->o->pmix_max / 1048576);
}

/* Puts the pieces and stages them here. */
static int put_pieces(struct bulk *b, const struct input *in)
{
	uint8_t *piece = malloc(PIECE_SIZE);
	char name[NAME_SIZE];
	uint64_t i;
	int rc = piece ? 0 : dlfm_errf(&b->result->error, "no memory");

	local_open(&b->local, &b->result->brief, &b->o->tree.stage);
	for (i = 0; i < pieces(b) && rc == 0; i++) {
		piece_name(name, i);
		rc = input_read(in, piece, piece_size(b, i), i * PIECE_SIZE, &b->result->error);
		if (rc == 0)
			rc = wireup_put(b->w, name, piece, piece_size(b, i), &b->result->error);
		if (rc == 0)
			local_feed(&b->local, piece, piece_size(b, i));
	}
	free(piece);
	return rc;
}

/*
 * Asks for the reports: at once, so that the requests lie at the servers before the reports come, and are answered before
 * the ranks leave. Nothing tells that a node has died but its silence: it may take the time that a node may take to start
 * and half a second a MiB.
 */
static void ask_reports(struct bulk *b)
{
	double limit = b->o->tree.join + (double)b->result->brief.file_size / 2097152;
	uint32_t i, n = wireup_size(b->w);

	if (limit > left(b))
		limit = left(b);
	b->gets = calloc(n, sizeof(b->gets[0]));
	for (i = 1; b->gets && i < n; i++)
		b->gets[i] = ask(b, i, "dlfm.report", limit);
}

static int distribute(struct bulk *b)
{
	struct input in;
	int rc = input_open(&in, b->o->tree.cache, b->o->tree.stale, &b->result->error);

	if (rc == 0) {
		b->result->brief = in.brief;
		b->result->stale = in.report;
		rc = check_size(b);
		if (rc == 0)
			rc = put_pieces(b, &in);
		if (rc == 0)
			rc = put_header(b, in.header);
		input_close(&in);
	}
	if (rc < 0)
		put_header(b, NULL);
	if (wireup_commit(b->w, rc < 0 ? NULL : &b->result->error) < 0)
		rc = -1;
	ask_reports(b);
	if (rc < 0)
		local_abort(&b->local);
	else
		local_finish(&b->local);
	return rc;
}

static void take_report(struct bulk *b, struct wireup_get *g, uint32_t rank)
{
	struct report r = {.kind = REPORT_FAILED, .rank = rank};
	struct dlfm_error e = {"it sent nonsense"};
	const void *data = NULL;
	size_t size = 0;

	if (wait_for(b, g, &data, &size, &e) < 0 ||
	    report_unpack(&r, rank, wireup_size(b->w), data, size) < 0) {
		r = (struct report){.kind = REPORT_FAILED, .rank = rank};
		wireup_node(b->w, rank, r.node, sizeof(r.node));
		snprintf(r.text, sizeof(r.text), "%s", e.text);
	}
	reports_put(&b->result->reports, &r);
}

static void gather(struct bulk *b)
{
	uint32_t i;

	reports_put(&b->result->reports, &b->local.report);
	for (i = 1; b->gets && i < wireup_size(b->w); i++) {
		take_report(b, b->gets[i], i);
		wireup_end(b->gets[i]);
	}
	free(b->gets);
}

static void run_first(struct bulk *b)
{
	int rc = distribute(b);

	/* After a failure, too: this rank's server must be there until the others have the header. */
	gather(b);
	b->result->known = rc == 0;
}

/*
 * A server forgets the values of a rank that has left, and with its last rank it goes itself. A fence holds a rank back
 * until rank 0 has got its report, where it is one; in Slurm's default configuration it is none, and there is no other
 * way by which rank 0 could say that it has it. So a rank waits for some time; rank 0, which was the first to have the
 * data, is waiting for the report by then.
 */
static void linger(struct bulk *b)
{
	double seconds = 1 + (clock_now() - b->start) / 4;

	wireup_fence(b->w, b->o->tree.idle);
	if (b->local.report.rank != 0 && getenv("SLURM_STEP_ID"))
		poll(NULL, 0, (int)(1000 * (seconds < left(b) ? seconds : left(b))));
	debug("leaving");
}

void bulk_run(struct stage_result *result, const struct options *o, struct wireup *w,
	      const volatile int *stop)
{
	struct bulk b = {.o = o, .w = w, .result = result, .start = clock_now(), .stop = stop};

	*result = (struct stage_result){0};
	b.local.report.rank = wireup_rank(w);
	wireup_node(w, b.local.report.rank, b.local.report.node, sizeof(b.local.report.node));
	b.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b.wake < 0 || reports_init(&result->reports, wireup_size(w)) < 0)
		dlfm_errf(&result->error, "no memory or descriptors");
	else if (b.local.report.rank != 0)
		run_other(&b);
	else
		run_first(&b);
	result->seconds = clock_now() - b.start;
	if (wireup_size(w) > 1)
		linger(&b);
	if (b.wake >= 0)
		close(b.wake);
}
