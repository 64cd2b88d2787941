/* SPDX-License-Identifier: BSD-3-Clause */
/* Discrete events: the event queue and the stations. */
#include <stdlib.h>

#include "bench/model/sim.h"

static int before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->who < b->who);
}

int events_add(struct events *e, double at, uint32_t who)
{
	struct event new = {at, who};
	size_t i;

	if (e->n == e->room) {
		size_t room = e->room ? 2 * e->room : 1024;
		struct event *heap = realloc(e->heap, room * sizeof(*heap));

		if (!heap)
			return -1;
		e->heap = heap;
		e->room = room;
	}
	for (i = e->n++; i > 0 && before(&new, &e->heap[(i - 1) / 2]); i = (i - 1) / 2)
		e->heap[i] = e->heap[(i - 1) / 2];
	e->heap[i] = new;
	return 0;
}

int events_next(struct events *e, struct event *next)
{
	struct event last;
	size_t i = 0, kid;

	if (e->n == 0)
		return 0;
	*next = e->heap[0];
	last = e->heap[--e->n];
	while ((kid = 2 * i + 1) < e->n) {
		if (kid + 1 < e->n && before(&e->heap[kid + 1], &e->heap[kid]))
			kid++;
		if (!before(&e->heap[kid], &last))
			break;
		e->heap[i] = e->heap[kid];
		i = kid;
	}
	e->heap[i] = last;
	return 1;
}

void events_free(struct events *e)
{
	free(e->heap);
	*e = (struct events){0};
}

int station_init(struct station *s, unsigned servers)
{
	*s = (struct station){.servers = servers, .free = calloc(servers, sizeof(double))};
	return s->free ? 0 : -1;
}

void station_free(struct station *s)
{
	free(s->free);
	*s = (struct station){0};
}

double station_visit(struct station *s, double at, double service)
{
	double done = (s->free[0] > at ? s->free[0] : at) + service;
	unsigned i = 0, kid;

	while ((kid = 2 * i + 1) < s->servers) {
		if (kid + 1 < s->servers && s->free[kid + 1] < s->free[kid])
			kid++;
		if (s->free[kid] >= done)
			break;
		s->free[i] = s->free[kid];
		i = kid;
	}
	s->free[i] = done;
	s->busy += service;
	return done;
}
