/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Discrete events: a queue of (time, who), and stations with one or more servers where work is done first come, first
 * served. All times are seconds of the model.
 *
 * Who arrives at a station asks at once for the time at which it is done; since events are taken in the order of time,
 * arrivals are in order too, and a station needs to know no more than when its servers are free.
 */
#ifndef DLFM_BENCH_MODEL_SIM_H
#define DLFM_BENCH_MODEL_SIM_H

#include <stddef.h>
#include <stdint.h>

struct event {
	double at;
	uint32_t who;
};

/* A heap, earliest first; of two at the same time the one with the lower number. */
struct events {
	struct event *heap;
	size_t n, room;
};

/* 0, or -1 if there is no memory. */
int events_add(struct events *e, double at, uint32_t who);
/* Takes the earliest; 0 if there is none. */
int events_next(struct events *e, struct event *next);
void events_free(struct events *e);

struct station {
	unsigned servers;
	double *free; /* a heap of the times at which the servers are free, earliest first */
	double busy;  /* seconds of service given */
};

/* 0, or -1 if there is no memory. `servers` >= 1. */
int station_init(struct station *s, unsigned servers);
void station_free(struct station *s);
/* When `service` seconds of work that arrive at `at` are done. Calls must come in the order of `at`. */
double station_visit(struct station *s, double at, double service);

#endif
