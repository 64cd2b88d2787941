/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes below: accepted, served with chunks, heard, given up. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pmix-dist/debug.h"
#include "pmix-dist/tree-node.h"

static const struct conn_ops kid_ops;

/* ---- who ---- */

static struct kid *kid_of_rank(const struct tree *t, uint32_t rank)
{
	size_t i;

	for (i = 0; i < t->n_kids; i++)
		if (t->kids[i]->rank == rank)
			return t->kids[i];
	return NULL;
}

static struct kid *kid_of_conn(const struct conn *c)
{
	struct tree *t = c->owner;
	size_t i;

	for (i = 0; i < t->n_kids; i++)
		if (t->kids[i]->conn == c)
			return t->kids[i];
	return NULL;
}

static struct kid *kid_add(struct tree *t, uint32_t rank)
{
	struct kid *k = calloc(1, sizeof(*k)),
		   **more = k ? realloc(t->kids, (t->n_kids + 1) * sizeof(*more)) : NULL;

	if (!more) {
		free(k);
		return NULL;
	}
	/* analyzer: the child becomes the list's */
	t->kids = more;
	k->rank = rank;
	t->kids[t->n_kids++] = k;
	return k;
}

int kids_expect(struct tree *t)
{
	uint64_t first = (uint64_t)t->rank * t->o->fanout + 1, i;

	for (i = first; i < first + t->o->fanout && i < t->size; i++) {
		struct kid *k = kid_add(t, (uint32_t)i);

		if (!k)
			return -1;
		k->in_ring = true;
	}
	return 0;
}

static void away(struct tree *t, uint32_t rank, const char *why)
{
	struct report r = {.kind = REPORT_AWAY, .rank = rank, .parent = t->rank};

	debug("child %u: %s", rank, why);
	snprintf(r.text, sizeof(r.text), "%s", why);
	tree_report(t, &r);
}

/* Nothing is kept for it any more. */
static void give_up(struct kid *k)
{
	k->over = true;
	k->in_ring = false;
	k->want = WANT_UNDECIDED;
}

static void forget(struct kid *k)
{
	piece_free(k->piece);
	k->piece = NULL;
	conn_free(k->conn);
	k->conn = NULL;
	give_up(k);
	k->told = k->finish_sent = false;
}

/* ---- coming ---- */

void kids_accept(struct tree *t)
{
	int fd;

	while ((fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct conn *c = conn_accept(fd, &t->self, t->rank, &kid_ops, t);

		if (!c)
			return;
		if (t->n_unproved == UNPROVED_MAX) {
			/* Strangers must not keep the children out: the oldest goes. */
			conn_free(t->unproved[0]);
			memmove(t->unproved, t->unproved + 1,
				--t->n_unproved * sizeof(t->unproved[0]));
		}
		t->unproved[t->n_unproved++] = c;
	}
}

/* The child noticed first that its connection broke. The old one is freed with those that came to
 * nothing. */
static void replace(struct tree *t, struct kid *k, const struct conn *by)
{
	unsigned i;

	conn_close(k->conn, "it has connected again");
	for (i = 0; i < t->n_unproved; i++)
		if (t->unproved[i] == by)
			t->unproved[i] = k->conn;
	k->conn = NULL;
	forget(k);
}

static void opened(struct conn *c)
{
	struct tree *t = c->owner;
	struct kid *k = c->peer < t->size && c->peer != t->rank ? kid_of_rank(t, c->peer) : NULL;

	if (t->rank == 0 && !k && c->peer != 0 && c->peer < t->size) {
		k = kid_add(t, c->peer);
		if (k)
			k->over = true;
	}
	/* Who comes too late for the ring is served by rank 0. */
	if (!k || (t->rank != 0 && (k->over || k->conn))) {
		conn_close(c, "rank %u is not expected here", c->peer);
		return;
	}
	if (k->conn)
		replace(t, k, c);
	k->conn = c;
	k->over = false;
	debug("child %u joined", k->rank);
	if ((k->rank - 1) / t->o->fanout != t->rank)
		kids_moved(t, k->rank);
}

void kids_moved(struct tree *t, uint32_t rank)
{
	size_t i;

	if (t->moved[rank])
		return;
	t->moved[rank] = true;
	for (i = 0; i < t->n_kids; i++) {
		struct kid *k = t->kids[i];

		if (k->conn && k->told)
			conn_send(k->conn, FRAME_MOVED, rank, NULL, 0);
		else if (!k->conn && k->rank == rank)
			give_up(k);
	}
}

static void sort_unproved(struct tree *t)
{
	unsigned i, n = 0;

	for (i = 0; i < t->n_unproved; i++) {
		struct conn *c = t->unproved[i];

		conn_check(c, t->now, t->o->idle);
		if (kid_of_conn(c))
			continue;
		if (c->state != CONN_CLOSED) {
			t->unproved[n++] = c;
			continue;
		}
		debug("connection refused: %s", c->why);
		conn_free(c);
	}
	t->n_unproved = n;
}

/* ---- what comes up ---- */

static void wants(struct conn *c, struct kid *k, uint64_t next)
{
	struct tree *t = c->owner;

	if (!t->have_header || next > t->ring.total) {
		conn_close(c, "it asks for a chunk that is not there");
		return;
	}
	k->want = WANT_YES;
	k->next = k->room = next;
	k->in_ring = next >= t->ring.tail;
	if (!k->in_ring && t->rank != 0)
		conn_close(c, "it comes too late for chunk %llu", (unsigned long long)next);
}

static void frame(struct conn *c, const struct frame *f, const uint8_t *payload)
{
	struct tree *t = c->owner;
	struct kid *k = kid_of_conn(c);
	struct report r;

	if (!k) {
		conn_close(c, "not a child");
	} else if (f->type == FRAME_WANT && !c->chunk.busy) {
		wants(c, k, f->arg);
	} else if (f->type == FRAME_ROOM) {
		k->room = f->arg;
	} else if (f->type == FRAME_NO_WANT) {
		k->want = WANT_NO;
	} else if (f->type == FRAME_REPORT &&
		   report_unpack(&r, f->arg, t->size, payload, f->size) == 0) {
		tree_report(t, &r);
	} else {
		conn_close(c, "a child does not send this frame (type %d)", (int)f->type);
	}
}

static uint8_t *room(struct conn *c, const struct frame *f)
{
	(void)f;
	conn_close(c, "a child does not send data");
	return NULL;
}

static void data(struct conn *c, const struct frame *f)
{
	(void)c;
	(void)f;
}

/* ---- what goes down ---- */

/* A chunk that left the ring, from the file. */
static void pump_piece(struct tree *t, struct kid *k)
{
	if (!k->piece)
		k->piece = calloc(1, sizeof(*k->piece));
	/* analyzer: forget() frees it */
	if (!k->piece) {
		conn_close(k->conn, "no memory");
		return;
	}
	if (k->piece->busy)
		return;
	if (!k->piece->source || k->piece->number != k->next)
		source_again(&t->source, k->piece, k->next);
	else if (k->piece->there)
		conn_send_data(k->conn, k->next, k->piece->bytes,
			       ring_chunk_size(&t->ring, k->next));
	else
		conn_close(k->conn, "chunk %llu cannot be read again", (unsigned long long)k->next);
}

static void pump(struct tree *t, struct kid *k)
{
	if (k->want != WANT_YES || !conn_idle(k->conn) || k->next >= t->ring.total ||
	    k->next >= k->room)
		return;
	if (!k->in_ring && k->next < t->ring.tail) {
		pump_piece(t, k);
		return;
	}
	k->in_ring = true;
	if (k->next < t->ring.head)
		conn_send_data(k->conn, k->next, ring_chunk(&t->ring, k->next),
			       ring_chunk_size(&t->ring, k->next));
}

static void sent(struct conn *c)
{
	struct kid *k = kid_of_conn(c);

	if (!k)
		return;
	k->next++;
	pump(c->owner, k);
}

static const struct conn_ops kid_ops = {
	.opened = opened,
	.frame = frame,
	.room = room,
	.data = data,
	.sent = sent,
};

static void welcome(struct tree *t, struct kid *k)
{
	uint32_t i;

	conn_send(k->conn, FRAME_WELCOME, 0, t->header, sizeof(t->header));
	for (i = 0; i < t->size; i++)
		if (t->moved[i])
			conn_send(k->conn, FRAME_MOVED, i, NULL, 0);
	k->told = true;
}

static void finish(struct tree *t, struct kid *k)
{
	if ((t->finished || t->gave_up) && !k->finish_sent) {
		conn_send(k->conn, FRAME_FINISH, t->gave_up, t->finish_text,
			  strlen(t->finish_text));
		k->finish_sent = true;
	}
}

static void kid_step(struct tree *t, struct kid *k)
{
	char why[sizeof(k->conn->why)];

	if (!k->conn && !k->over && t->now - t->start > t->o->join) {
		give_up(k);
		snprintf(why, sizeof(why), "no connection from it within %.0f s", t->o->join);
		away(t, k->rank, why);
	}
	if (!k->conn)
		return;
	conn_check(k->conn, t->now, t->o->idle);
	if (k->conn->state != CONN_CLOSED && t->have_header && !k->told) {
		welcome(t, k);
	}
	finish(t, k);
	if (k->conn->state != CONN_CLOSED)
		pump(t, k);
	if (k->conn->state == CONN_CLOSED) {
		bool told = k->finish_sent;

		snprintf(why, sizeof(why), "%s", k->conn->why);
		forget(k);
		if (!told)
			away(t, k->rank, why);
	}
}

void kids_step(struct tree *t)
{
	size_t i;

	sort_unproved(t);
	for (i = 0; i < t->n_kids; i++)
		kid_step(t, t->kids[i]);
}

/* ---- all of them ---- */

bool kids_undecided(const struct tree *t)
{
	size_t i;

	for (i = 0; i < t->n_kids; i++)
		if (!t->kids[i]->over && t->kids[i]->want == WANT_UNDECIDED)
			return true;
	return false;
}

bool kids_want(const struct tree *t)
{
	size_t i;

	for (i = 0; i < t->n_kids; i++)
		if (!t->kids[i]->over && t->kids[i]->want == WANT_YES)
			return true;
	return false;
}

bool kids_gone(const struct tree *t)
{
	size_t i;

	for (i = 0; i < t->n_kids; i++)
		/* One that has yet to come would ask PMIx for a node that has left, and wait long for nothing. */
		if (t->kids[i]->conn ||
		    (t->gave_up && !t->kids[i]->over && !t->kids[i]->finish_sent))
			return false;
	return true;
}

void kids_free(struct tree *t)
{
	size_t i;

	for (i = 0; i < t->n_unproved; i++)
		if (!kid_of_conn(t->unproved[i]))
			conn_free(t->unproved[i]);
	for (i = 0; i < t->n_kids; i++) {
		forget(t->kids[i]);
		free(t->kids[i]);
	}
	free(t->kids);
	t->kids = NULL;
}
