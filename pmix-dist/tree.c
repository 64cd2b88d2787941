/* SPDX-License-Identifier: BSD-3-Clause */
/* A node of the tree: its one loop. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/debug.h"
#include "pmix-dist/tree-node.h"

/* Seconds: between two looks at the clock; for the last words; for a thread to end. */
static const double tick = 0.1, last_words = 2, thread_end = 3;

/* ---- reports ---- */

void tree_fail(struct tree *t, const char *format, ...)
{
	va_list ap;

	if (t->failed)
		return;
	va_start(ap, format);
	vsnprintf(t->result->error.text, sizeof(t->result->error.text), format, ap);
	va_end(ap);
	t->failed = true;
	debug("failed: %s", t->result->error.text);
}

/* What was known of ranks below a lost one must not be told again to another parent. */
static void forget_below(struct tree *t, uint32_t parent)
{
	uint32_t i;

	for (i = 0; i < t->size; i++) {
		const struct report *r = t->reports.of[i];

		if (r && r->kind == REPORT_JOINED && r->parent == parent && i != t->rank) {
			reports_drop(&t->reports, i);
			forget_below(t, i);
		}
	}
}

void tree_report(struct tree *t, const struct report *r)
{
	if (t->rank == 0) {
		root_report(t, r);
		return;
	}
	reports_put(&t->reports, r);
	if (r->kind == REPORT_AWAY)
		forget_below(t, r->rank);
	parent_send_report(t, r);
}

static void report_self(struct tree *t)
{
	bool ready = t->sink.state == SINK_READY;
	struct report r = {.rank = t->rank, .parent = t->parent.rank};

	if (t->told || (!ready && t->sink.state != SINK_FAILED))
		return;
	t->told = true;
	r.kind = ready ? REPORT_READY : REPORT_FAILED;
	memcpy(r.node, t->self.node, sizeof(r.node));
	if (!ready)
		snprintf(r.text, sizeof(r.text), "%s", t->sink.error.text);
	else if (t->sink.had_it)
		snprintf(r.text, sizeof(r.text), "had it already");
	tree_report(t, &r);
}

/* ---- data ---- */

/* Chunks that nobody needs any more leave the ring. */
static void move_tail(struct tree *t)
{
	uint64_t tail = t->ring.head;
	size_t i;

	if (sink_holds(&t->sink) && t->sink.next < tail)
		tail = t->sink.next;
	for (i = 0; i < t->n_kids; i++) {
		const struct kid *k = t->kids[i];

		if (k->in_ring && !k->over && k->want != WANT_NO && k->next < tail)
			tail = k->next;
	}
	if (tail > t->ring.tail)
		t->ring.tail = tail;
}

static void step(struct tree *t)
{
	sink_step(&t->sink, t->now, 3 * t->o->idle);
	report_self(t);
	if (t->rank == 0)
		root_step(t);
	kids_step(t);
	move_tail(t);
	parent_step(t);
	parent_want(t);
}

/* ---- the loop ---- */

struct polled {
	struct pollfd *fd;
	struct conn **conn;
	nfds_t n, space;
};

static void add(struct polled *p, int fd, short events, struct conn *c)
{
	if (p->n < p->space) {
		p->fd[p->n] = (struct pollfd){.fd = fd, .events = events};
		p->conn[p->n++] = c;
	}
}

static void add_conn(struct polled *p, struct conn *c)
{
	if (c && c->state != CONN_CLOSED)
		add(p, c->fd, conn_events(c), c);
}

static int collect(struct tree *t, struct polled *p)
{
	nfds_t space = 3 + ENDPOINT_ADDRESSES + UNPROVED_MAX + t->n_kids;
	size_t i;

	if (space > p->space) {
		free(p->fd);
		free(p->conn);
		p->fd = calloc(space, sizeof(p->fd[0]));
		p->conn = calloc(space, sizeof(p->conn[0]));
		if (!p->fd || !p->conn)
			return -1;
		p->space = space;
	}
	p->n = 0;
	add(p, t->wake, POLLIN, NULL);
	add(p, t->listener, POLLIN, NULL);
	for (i = 0; i < t->parent.n_tries; i++)
		add_conn(p, t->parent.tries[i]);
	if (t->parent.n_tries == 0)
		add_conn(p, t->parent.conn);
	for (i = 0; i < t->n_unproved; i++)
		add_conn(p, t->unproved[i]);
	for (i = 0; i < t->n_kids; i++)
		add_conn(p, t->kids[i]->conn);
	return 0;
}

static int patience(const struct tree *t)
{
	double delay = t->rank == 0 ? source_delay(&t->source, clock_now()) : -1;

	if (delay <= 0 || delay > tick)
		delay = tick;
	/* The wire-up may have to ask again, and says no more of that. */
	if (t->parent.state == PARENT_ASKED && delay > 0.01)
		delay = 0.01;
	return (int)(delay * 1000) + 1;
}

/* Waits for events and handles them. */
static int turn(struct tree *t, struct polled *p)
{
	uint64_t count;
	nfds_t i;

	if (collect(t, p) < 0) {
		tree_fail(t, "no memory");
		return -1;
	}
	if (poll(p->fd, p->n, patience(t)) < 0) {
		if (errno != EINTR)
			tree_fail(t, "poll: %s", strerror(errno));
		t->now = clock_now();
		return errno == EINTR ? 0 : -1;
	}
	t->now = clock_now();
	if (p->fd[0].revents && read(t->wake, &count, sizeof(count)) > 0) {
		worker_reap(t->sink.worker);
		if (t->rank == 0)
			worker_reap(t->source.worker);
	}
	for (i = 2; i < p->n; i++)
		conn_io(p->conn[i], p->fd[i].revents);
	if (p->fd[1].revents)
		kids_accept(t);
	return 0;
}

static bool over(struct tree *t, const volatile int *stop, double *end)
{
	/* Rank 0 goes on after a failure until it has told the others. */
	if (*stop && !t->finished) {
		tree_fail(t, "interrupted");
		strcpy(t->finish_text, "interrupted");
		t->finished = t->gave_up = true;
		kids_step(t);
	}
	if (t->failed && t->rank != 0)
		return true;
	if (!t->finished && t->rank != 0 && t->now > t->start + t->o->timeout + t->o->idle)
		tree_fail(t, "rank 0 has not ended it within %.0f s", t->o->timeout);
	if (!t->finished)
		return false;
	if (*end == 0)
		*end = t->now + last_words;
	return t->now > *end || kids_gone(t);
}

static void loop(struct tree *t, const volatile int *stop)
{
	struct polled p = {0};
	double end = 0;

	do {
		if (turn(t, &p) < 0)
			break;
		step(t);
	} while (!over(t, stop, &end));
	free(p.fd);
	free(p.conn);
}

/* ---- begin and end ---- */

static int put_endpoint(struct tree *t)
{
	uint8_t bytes[ENDPOINT_PACKED_MAX];
	struct dlfm_error e;
	char node[256];
	int rc;

	wireup_node(t->w, t->rank, node, sizeof(node));
	t->listener = endpoint_listen(&t->self, node, t->o->interfaces, &e);
	if (t->listener < 0) {
		tree_fail(t, "%s: %s", node, e.text);
		return -1;
	}
	rc = wireup_put(t->w, TREE_ENDPOINT, bytes, endpoint_pack(&t->self, bytes), &e);
	if (rc == 0)
		rc = wireup_commit(t->w, &e);
	explicit_bzero(bytes, sizeof(bytes));
	if (rc < 0)
		tree_fail(t, "%s: %s", node, e.text);
	return rc;
}

static int begin(struct tree *t)
{
	t->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->wake < 0 || ring_init(&t->ring) < 0 || reports_init(&t->reports, t->size) < 0 ||
	    sink_init(&t->sink, &t->o->stage, &t->ring, t->wake) < 0 ||
	    !(t->moved = calloc(t->size, sizeof(t->moved[0]))) || kids_expect(t) < 0) {
		tree_fail(t, "no memory, threads or descriptors");
		return -1;
	}
	if (t->size > 1 && put_endpoint(t) < 0)
		return -1;
	if (t->rank == 0 && root_start(t) < 0) {
		tree_fail(t, "no memory or threads");
		return -1;
	}
	parent_start(t);
	return 0;
}

static void end(struct tree *t)
{
	bool ended = sink_end(&t->sink, thread_end);

	if (t->rank == 0 && !source_end(&t->source, thread_end))
		ended = false;
	t->result->stuck = !ended;
	if (!ended)
		return; /* a thread still uses this memory */
	kids_free(t);
	parent_free(t);
	if (t->listener >= 0)
		close(t->listener);
	if (t->wake >= 0)
		close(t->wake);
	ring_free(&t->ring);
	explicit_bzero(&t->self, sizeof(t->self));
	free(t->deadline);
	free(t->moved);
}

void tree_run(struct stage_result *result, const struct tree_options *options, struct wireup *w,
	      const volatile int *stop)
{
	static struct tree tree; /* outlives this call if a thread does */
	struct tree *t = &tree;

	*result = (struct stage_result){0};
	*t = (struct tree){.o = options,
			   .result = result,
			   .w = w,
			   .rank = wireup_rank(w),
			   .size = wireup_size(w),
			   .start = clock_now(),
			   .listener = -1,
			   .wake = -1};
	t->now = t->start;
	t->source.in.fd = -1;
	if (begin(t) == 0)
		loop(t, stop);
	if (t->rank == 0)
		root_names(t);
	result->known = t->finished && !t->failed;
	result->seconds = clock_now() - t->start;
	result->reports = t->reports;
	end(t);
}
