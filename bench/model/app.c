/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start of an application: every rank looks up, reads, computes and touches memory in turn, in rounds. Ranks of all
 * nodes meet in the file system's queue, those of one node at its cores, its memory and, if there is one, its daemon.
 */
#include <stdlib.h>

#include "bench/model/launch.h"
#include "bench/model/sim.h"

#define US     1e-6
#define EVENTS 3e7 /* about so many a run; rounds get coarser beyond */

enum step {
	STEP_META,
	STEP_DATA,
	STEP_CLIENT,
	STEP_DAEMON,
	STEP_WAIT,
	STEP_CPU,
	STEP_MEMORY,
	STEPS
};

struct node {
	struct station cores, memory, daemon;
};

struct world {
	const struct params *p;
	const struct app *app;
	uint32_t nodes, ranks_per_node, rounds;
	struct station meta, data;
	struct node *node;
	uint8_t *step;
	uint16_t *round;
	struct events events;
	struct outcome *o;
};

static struct node *node_of(struct world *w, uint32_t rank)
{
	return &w->node[w->p->machine_cores > 0 ? 0 : rank / w->ranks_per_node];
}

static struct station *data_station(struct world *w)
{
	return w->p->fs_one_queue > 0 ? &w->meta : &w->data;
}

static double look_up(struct world *w, double at, double requests)
{
	if (requests <= 0)
		return at;
	w->o->requests += requests;
	return station_visit(&w->meta, at, requests * w->p->fs_service_us * US) +
	       requests * w->p->fs_latency_us * US;
}

static double reads_of(const struct world *w, double mb)
{
	return mb * 1e6 / (w->p->fs_read_kib * 1024);
}

static double read_data(struct world *w, double at, double mb)
{
	double reads = reads_of(w, mb);

	if (mb <= 0)
		return at;
	w->o->requests += reads;
	return station_visit(data_station(w), at,
			     reads * w->p->fs_data_service_us * US + mb / w->p->fs_bandwidth_mb_s) +
	       reads * w->p->fs_latency_us * US;
}

/* Requests cost the node's processors time, too. */
static double ask(struct world *w, uint32_t rank, double at)
{
	const struct app *a = w->app;
	double requests = a->next_requests;

	if (rank % w->ranks_per_node == 0)
		requests = a->first_requests + reads_of(w, a->first_mb);
	return station_visit(&node_of(w, rank)->cores, at,
			     requests * w->p->fs_client_us * US / w->rounds);
}

/* One step of one round of a rank that comes to it at `at`: when it is done. */
static double visit(struct world *w, uint32_t rank, enum step step, double at)
{
	const struct app *a = w->app;
	int first = rank % w->ranks_per_node == 0;
	double part = 1.0 / w->rounds;

	switch (step) {
	case STEP_META:
		return look_up(w, at, part * (first ? a->first_requests : a->next_requests));
	case STEP_DATA:
		return first ? read_data(w, at, part * a->first_mb) : at;
	case STEP_CLIENT:
		return ask(w, rank, at);
	case STEP_DAEMON:
		return a->daemon_lookups > 0
			       ? station_visit(&node_of(w, rank)->daemon, at,
					       part * a->daemon_lookups * w->p->daemon_ipc_us * US)
			       : at;
	case STEP_WAIT:
		return at + part * a->first_wait_s;
	case STEP_CPU:
		return station_visit(&node_of(w, rank)->cores, at, part * a->cpu_s);
	case STEP_MEMORY:
		return station_visit(&node_of(w, rank)->memory, at,
				     part * a->memory_mb / 1e3 / w->p->node_memory_gb_s);
	case STEPS:
		break;
	}
	return at;
}

/* Steps that take no time at all are no events. */
static int go_on(struct world *w, uint32_t rank, double at)
{
	while (w->round[rank] < w->rounds) {
		double done = visit(w, rank, w->step[rank], at);

		if (++w->step[rank] == STEPS) {
			w->step[rank] = 0;
			w->round[rank]++;
		}
		if (done > at)
			return events_add(&w->events, done, rank);
	}
	if (at > w->o->end)
		w->o->end = at;
	return 0;
}

static int open_world(struct world *w)
{
	const struct params *p = w->p;
	uint32_t ranks = w->nodes * w->ranks_per_node, n = p->machine_cores > 0 ? 1 : w->nodes;
	unsigned cores = (unsigned)(p->machine_cores > 0 ? p->machine_cores : p->node_cores);
	double rounds = EVENTS / STEPS / ranks;

	w->rounds = rounds > 64 ? 64 : rounds < 1 ? 1 : (uint32_t)rounds;
	w->node = calloc(n, sizeof(*w->node));
	w->step = calloc(ranks, sizeof(*w->step));
	w->round = calloc(ranks, sizeof(*w->round));
	if (!w->node || !w->step || !w->round ||
	    station_init(&w->meta, (unsigned)p->fs_servers) < 0 || station_init(&w->data, 1) < 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (station_init(&w->node[i].cores, cores) < 0 ||
		    station_init(&w->node[i].memory, 1) < 0 ||
		    station_init(&w->node[i].daemon, 1) < 0)
			return -1;
	}
	return 0;
}

static void close_world(struct world *w)
{
	for (uint32_t i = 0; w->node && i < (w->p->machine_cores > 0 ? 1 : w->nodes); i++) {
		station_free(&w->node[i].cores);
		station_free(&w->node[i].memory);
		station_free(&w->node[i].daemon);
	}
	station_free(&w->meta);
	station_free(&w->data);
	events_free(&w->events);
	free(w->node);
	free(w->step);
	free(w->round);
}

int app_start(const struct params *p, const struct app *a, uint32_t nodes, uint32_t ranks_per_node,
	      double start, struct outcome *o)
{
	struct world w = {
		.p = p, .app = a, .nodes = nodes, .ranks_per_node = ranks_per_node, .o = o};
	struct event e;
	int rc = open_world(&w);

	o->end = start;
	for (uint32_t r = 0; rc == 0 && r < nodes * ranks_per_node; r++)
		rc = events_add(&w.events, start + launch_task(p, nodes, r % ranks_per_node), r);
	while (rc == 0 && events_next(&w.events, &e))
		rc = go_on(&w, e.who, e.at);
	o->fs_busy_s += w.meta.busy + w.data.busy;
	close_world(&w);
	return rc;
}
