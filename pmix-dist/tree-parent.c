/* SPDX-License-Identifier: BSD-3-Clause */
/* The node above: found by PMIx, tried by all its addresses at once, replaced by rank 0 when it is
 * lost. */
#include <stdio.h>
#include <string.h>

#include "pmix-dist/debug.h"
#include "pmix-dist/trace.h"
#include "pmix-dist/tree-node.h"

/* Chunks of room that are told at once. */
enum { ROOM_STEP = RING_SLOTS / 8 };

static const struct conn_ops parent_ops;

static void drop_links(struct parent *p)
{
	unsigned i;

	for (i = 0; i < p->n_tries; i++)
		if (p->tries[i] != p->conn)
			conn_free(p->tries[i]);
	p->n_tries = 0;
	conn_free(p->conn);
	p->conn = NULL;
	wireup_end(p->get);
	p->get = NULL;
}

static void seek(struct tree *t, uint32_t rank)
{
	struct parent *p = &t->parent;

	drop_links(p);
	p->state = PARENT_ASKED;
	p->rank = rank;
	p->since = t->now;
	p->get = wireup_start(t->w, rank, TREE_ENDPOINT, t->o->join, t->wake);
	if (!p->get)
		tree_fail(t, "no memory");
}

void parent_start(struct tree *t)
{
	if (t->rank != 0)
		seek(t, (t->rank - 1) / t->o->fanout);
}

static void lost(struct tree *t, const char *why)
{
	struct parent *p = &t->parent;

	snprintf(p->why, sizeof(p->why), "%s", why);
	debug("parent %u lost: %s", p->rank, p->why);
	if (p->rank == 0 && ++p->attempts >= PARENT_ATTEMPTS) {
		tree_fail(t, "cannot reach rank 0: %s", p->why);
		return;
	}
	seek(t, 0);
	p->again = p->attempts > 0 ? t->now + 0.1 * p->attempts : 0;
}

static void try_addresses(struct tree *t, const void *data, size_t size)
{
	struct parent *p = &t->parent;
	struct endpoint ep;
	unsigned i;

	if (endpoint_unpack(&ep, data, size) < 0) {
		lost(t, "its endpoint is of another version of dlfm-stage");
		return;
	}
	p->state = PARENT_TRIED;
	for (i = 0; i < ep.n; i++) {
		struct conn *c = conn_connect(&ep, i, p->rank, t->rank, &parent_ops, t);

		if (c)
			p->tries[p->n_tries++] = c;
	}
	explicit_bzero(&ep, sizeof(ep));
	wireup_end(p->get);
	p->get = NULL;
}

static void step_asked(struct tree *t)
{
	struct parent *p = &t->parent;
	struct dlfm_error e;
	const void *data;
	size_t size;
	int rc;

	if (t->now < p->again)
		return;
	rc = wireup_take(p->get, &data, &size, &e);
	if (rc > 0)
		try_addresses(t, data, size);
	else if (rc < 0) {
		/* Whose servers do not answer about rank 0 within the limit need not be asked again. */
		if (p->rank == 0)
			p->attempts = PARENT_ATTEMPTS;
		lost(t, e.text);
	}
}

static void step_tried(struct tree *t)
{
	struct parent *p = &t->parent;
	char why[sizeof(p->why)] = "no memory";
	unsigned i, closed = 0;

	for (i = 0; i < p->n_tries; i++) {
		conn_check(p->tries[i], t->now, t->o->idle);
		if (p->tries[i]->state != CONN_CLOSED)
			continue;
		closed++;
		snprintf(why, sizeof(why), "%s", p->tries[i]->why);
	}
	if (closed == p->n_tries)
		lost(t, why);
}

static void step_open(struct tree *t)
{
	struct parent *p = &t->parent;
	unsigned i;

	for (i = 0; i < p->n_tries; i++)
		if (p->tries[i] != p->conn)
			conn_free(p->tries[i]);
	p->n_tries = 0;
	conn_check(p->conn, t->now, t->o->idle);
	if (p->conn->state == CONN_CLOSED) {
		char why[sizeof(p->why)];

		snprintf(why, sizeof(why), "%s", p->conn->why);
		lost(t, why);
	}
}

void parent_step(struct tree *t)
{
	if (t->finished) {
		/* When rank 0 gave up early, those below have yet to come, and rank 0 to hear of them. */
		if (t->gave_up && !kids_gone(t))
			return;
		drop_links(&t->parent); /* tells it that this node has heard */
		t->parent.state = PARENT_NONE;
		return;
	}
	switch (t->parent.state) {
	case PARENT_ASKED:
		step_asked(t);
		break;
	case PARENT_TRIED:
		step_tried(t);
		break;
	case PARENT_OPEN:
		step_open(t);
		break;
	case PARENT_NONE:
		break;
	}
}

/* ---- what goes up ---- */

void parent_send_report(struct tree *t, const struct report *r)
{
	uint8_t bytes[FRAME_CONTROL_MAX];

	if (t->parent.state == PARENT_OPEN)
		conn_send(t->parent.conn, FRAME_REPORT, r->rank, bytes, report_pack(r, bytes));
}

/* The parent never sends a chunk that has no place here, so that nothing blocks the frames behind
 * it. */
static void tell_room(struct tree *t)
{
	struct parent *p = &t->parent;
	uint64_t room = t->ring.tail + RING_SLOTS;

	if (p->state == PARENT_OPEN && p->told == WANT_YES && room >= p->room + ROOM_STEP) {
		conn_send(p->conn, FRAME_ROOM, room, NULL, 0);
		p->room = room;
	}
}

static void tell_want(struct tree *t)
{
	bool want = t->sink.state == SINK_TAKING || kids_want(t);
	bool undecided = sink_holds(&t->sink) || kids_undecided(t);
	enum want now = want ? WANT_YES : undecided ? WANT_UNDECIDED : WANT_NO;
	struct parent *p = &t->parent;

	if (p->state != PARENT_OPEN || !t->have_header || now == WANT_UNDECIDED || now == p->told)
		return;
	conn_send(p->conn, now == WANT_YES ? FRAME_WANT : FRAME_NO_WANT, t->ring.head, NULL, 0);
	p->told = now;
	p->room = t->ring.head;
}

void parent_want(struct tree *t)
{
	tell_want(t);
	tell_room(t);
}

/* ---- what comes down ---- */

static void opened(struct conn *c)
{
	struct tree *t = c->owner;
	struct parent *p = &t->parent;
	struct report self = {.kind = REPORT_JOINED, .rank = t->rank, .parent = c->peer};
	unsigned i;

	for (i = 0; i < p->n_tries; i++)
		if (p->tries[i] != c)
			conn_close(p->tries[i], "another address was faster");
	p->conn = c;
	p->state = PARENT_OPEN;
	p->told = WANT_UNDECIDED;
	debug("parent is %u", c->peer);
	memcpy(self.node, t->self.node, sizeof(self.node));
	parent_send_report(t, &self);
	for (i = 0; i < t->size; i++)
		if (t->reports.of[i]) {
			if (i == t->rank)
				t->reports.of[i]->parent = c->peer;
			parent_send_report(t, t->reports.of[i]);
		}
}

static void welcome(struct conn *c, const uint8_t *header)
{
	struct tree *t = c->owner;
	struct dlfm_error e;

	if (t->have_header) {
		if (memcmp(header, t->header, sizeof(t->header)) != 0)
			conn_close(c, "it serves another cache");
		return;
	}
	if (dlfm_cache_brief(&t->result->brief, header, sizeof(t->header), &e) < 0) {
		tree_fail(t, "%s", e.text);
		return;
	}
	memcpy(t->header, header, sizeof(t->header));
	t->have_header = true;
	ring_set_size(&t->ring, t->result->brief.file_size);
	sink_open(&t->sink, &t->result->brief);
}

static void frame(struct conn *c, const struct frame *f, const uint8_t *payload)
{
	struct tree *t = c->owner;

	if (f->type == FRAME_WELCOME) {
		welcome(c, payload);
	} else if (f->type == FRAME_MOVED && f->arg < t->size) {
		kids_moved(t, (uint32_t)f->arg);
	} else if (f->type == FRAME_FINISH) {
		t->finished = true;
		t->gave_up = f->arg != 0;
		snprintf(t->finish_text, sizeof(t->finish_text), "%.*s", (int)f->size,
			 (const char *)payload);
	} else {
		conn_close(c, "a parent does not send frames of type %d", (int)f->type);
	}
}

static uint8_t *room(struct conn *c, const struct frame *f)
{
	struct tree *t = c->owner;
	struct ring *r = &t->ring;

	if (f->arg != r->head || ring_room(r) == 0 || f->size != ring_chunk_size(r, f->arg)) {
		conn_close(c, "chunk %llu came where %llu was due", (unsigned long long)f->arg,
			   (unsigned long long)r->head);
		return NULL;
	}
	t->parent.chunk_begun = trace_now();
	return ring_chunk(r, f->arg);
}

static void data(struct conn *c, const struct frame *f)
{
	struct tree *t = c->owner;

	t->ring.head++;
	trace_done("receive", t->parent.chunk_begun, f->size);
}

static void sent(struct conn *c)
{
	(void)c; /* no chunk is sent upwards */
}

static const struct conn_ops parent_ops = {
	.opened = opened,
	.frame = frame,
	.room = room,
	.data = data,
	.sent = sent,
};

void parent_free(struct tree *t)
{
	drop_links(&t->parent);
}
