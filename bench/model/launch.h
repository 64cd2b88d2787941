/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of a launch, each by itself; methods.c puts them together. Seconds, from a `start` on. */
#ifndef DLFM_BENCH_MODEL_LAUNCH_H
#define DLFM_BENCH_MODEL_LAUNCH_H

#include <stdint.h>

#include "bench/model/params.h"

/* What a start of the application asks for. "first": the first rank of a node; "next": each further one. */
struct app {
	double first_requests, next_requests, first_mb;
	double cpu_s, memory_mb;
	double daemon_lookups; /* each costs daemon_ipc_us at the node's daemon, of which there is one */
	double first_wait_s; /* time in which a node waits for something else, spread over the start */
};

struct outcome {
	double end;
	double requests; /* that came to the file system */
	double fs_busy_s;
};

/* Levels of a tree in which each member serves `fanout` others, for `nodes` members below the root. */
unsigned tree_levels(double nodes, double fanout);

/* Slurm starts a step of `tasks` tasks a node on `nodes` nodes: when task `k` of a node begins. */
double launch_task(const struct params *p, uint32_t nodes, double k);

/* All ranks start the application at `start` plus what Slurm takes. 0, or -1 if there is no memory. */
int app_start(const struct params *p, const struct app *a, uint32_t nodes, uint32_t ranks_per_node,
	      double start, struct outcome *o);

/* dlfm-stage: check, read, tree, image, verdicts. Returns when the root has all verdicts, or a negative number if there is
 * no memory; adds to o's requests. */
double stage_tree(const struct params *p, uint32_t nodes, double start, struct outcome *o);

/* sbcast of `files` files of `mb` megabytes in all: block after block, each acknowledged by all nodes. */
double sbcast(const struct params *p, uint32_t nodes, double files, double mb, double start,
	      struct outcome *o);

#endif
