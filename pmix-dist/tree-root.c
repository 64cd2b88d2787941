/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What only rank 0 does: reads the cache, gathers the reports, decides when it is over.
 *
 * A rank of which nothing is known, or that was lost, has until its deadline to come. Then it is
 * given up, and the ranks that were below it get a deadline in turn, since they must find their way
 * to rank 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmix-dist/debug.h"
#include "pmix-dist/tree-node.h"

enum { PAST = -1 };

/* Seconds for a node to notice, after another one did, that a connection is lost (conn_check()),
 * and to reach rank 0. */
static double grace(const struct tree *t)
{
	return t->o->idle / 4 + 2;
}

int root_start(struct tree *t)
{
	uint32_t i;

	t->deadline = calloc(t->size, sizeof(t->deadline[0]));
	if (!t->deadline)
		return -1;
	for (i = 1; i < t->size; i++)
		t->deadline[i] = t->start + t->o->join + t->o->idle + grace(t);
	t->source.rate = t->o->rate;
	return source_init(&t->source, t->o->cache, t->o->stale, &t->ring, t->wake);
}

/* The ranks that a lost one had below it must come again. */
static void orphan(struct tree *t, uint32_t parent)
{
	struct report r = {
		.kind = REPORT_AWAY, .parent = parent, .text = "lost with the node above it"};
	uint32_t i;

	for (i = 1; i < t->size; i++) {
		const struct report *old = t->reports.of[i];

		if (!old || old->kind != REPORT_JOINED || old->parent != parent)
			continue;
		r.rank = i;
		reports_put(&t->reports, &r);
		t->deadline[i] = t->now + grace(t);
	}
}

void root_report(struct tree *t, const struct report *r)
{
	const struct report *old = t->reports.of[r->rank];

	if (r->kind == REPORT_AWAY) {
		if (old && old->parent != r->parent)
			return;
		orphan(t, r->rank);
	}
	old = reports_put(&t->reports, r);
	if (!old)
		return;
	debug("rank %u (%s): %d %s", r->rank, old->node, (int)old->kind, old->text);
	t->deadline[r->rank] = r->kind == REPORT_AWAY ? t->now + grace(t) : 0;
	/* Its parent was given up before this report came by another way. */
	if (r->kind == REPORT_JOINED && t->deadline[r->parent] == PAST) {
		t->deadline[r->rank] = t->now + grace(t);
		t->reports.of[r->rank]->kind = REPORT_AWAY;
	}
}

static void give_up(struct tree *t, uint32_t rank)
{
	struct report r = {.kind = REPORT_AWAY, .rank = rank};

	if (!t->reports.of[rank]) {
		snprintf(r.text, sizeof(r.text), "no connection from it within %.0f s", t->o->join);
		reports_put(&t->reports, &r);
	}
	t->deadline[rank] = PAST;
	orphan(t, rank);
}

/* True if nothing more will be heard of a rank. When rank 0 gave up, it is enough that the rank
 * hears of that. */
static bool settled(const struct tree *t, uint32_t rank)
{
	const struct report *r = t->reports.of[rank];

	if (!r)
		return rank == 0 && t->gave_up;
	if (r->kind == REPORT_AWAY)
		return t->deadline[rank] == PAST;
	return r->kind != REPORT_JOINED || t->gave_up;
}

static bool all_settled(struct tree *t)
{
	bool all = true;
	uint32_t i;

	for (i = 0; i < t->size; i++) {
		if (t->deadline[i] > 0 && t->now > t->deadline[i])
			give_up(t, i);
		all = settled(t, i) && all;
	}
	return all;
}

/* Time is up: what is not known now will not be. */
static void settle_all(struct tree *t)
{
	struct report r = {.kind = REPORT_FAILED};
	uint32_t i;

	snprintf(r.text, sizeof(r.text), "not done within %.0f s", t->o->timeout);
	for (i = 0; i < t->size; i++) {
		r.rank = i;
		r.parent = t->reports.of[i] ? t->reports.of[i]->parent : 0;
		if (!settled(t, i))
			reports_put(&t->reports, &r);
	}
}

static void open_source(struct tree *t)
{
	memcpy(t->header, t->source.in.header, sizeof(t->header));
	t->have_header = true;
	t->result->brief = t->source.in.brief;
	t->result->stale = t->source.in.report;
	debug("cache %s, %llu bytes", t->source.in.brief.id,
	      (unsigned long long)t->source.in.brief.file_size);
	sink_open(&t->sink, &t->source.in.brief);
}

static bool ring_wanted(const struct tree *t)
{
	size_t i;

	if (t->sink.state == SINK_TAKING)
		return true;
	for (i = 0; i < t->n_kids; i++)
		if (t->kids[i]->in_ring && t->kids[i]->want == WANT_YES)
			return true;
	return false;
}

void root_step(struct tree *t)
{
	bool late = t->now > t->start + t->o->timeout;

	if (t->source.state == SOURCE_OPEN && !t->have_header)
		open_source(t);
	if (t->source.state == SOURCE_FAILED && !t->gave_up) {
		t->gave_up = true;
		tree_fail(t, "%s", t->source.error.text);
		snprintf(t->finish_text, sizeof(t->finish_text), "%s", t->source.error.text);
	}
	if (t->source.state == SOURCE_OPEN && ring_wanted(t))
		source_step(&t->source, t->now);
	if (t->finished)
		return;
	if (all_settled(t) || late) {
		settle_all(t);
		t->finished = true;
	}
}

void root_names(struct tree *t)
{
	uint32_t i;

	for (i = 0; t->reports.of && i < t->size; i++) {
		struct report *r = t->reports.of[i];

		if (r && !r->node[0])
			wireup_node(t->w, i, r->node, sizeof(r->node));
	}
}
