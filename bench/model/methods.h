/* SPDX-License-Identifier: BSD-3-Clause */
/* The ways of launching that the model compares: vanilla, DLFM, sbcast, an image, a tree of daemons, local disk. */
#ifndef DLFM_BENCH_MODEL_METHODS_H
#define DLFM_BENCH_MODEL_METHODS_H

#include "bench/model/launch.h"

struct launch {
	const struct params *p;
	uint32_t nodes, ranks_per_node;
	double prepared; /* seconds until the application's own step is asked for */
	struct outcome o;
};

struct method {
	const char *name, *title;
	int (*run)(struct launch *l); /* 0, or -1 if there is no memory */
};

/* Ends with one that has no name. */
extern const struct method methods[];

#endif
