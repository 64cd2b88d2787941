/* SPDX-License-Identifier: BSD-3-Clause */
/* Building a generated tree: make(1) in parallel, with progress; it resumes where an earlier build
 * stopped. */
#ifndef PYNAMIC_BUILD_H
#define PYNAMIC_BUILD_H

#include <stdint.h>

#include "cache-tools/error.h"

struct pyn_build {
	const char *directory;
	unsigned jobs;
	const char *cc, *cxx, *mpicc, *python, *cflags,
		*ldflags; /* NULL: keep what the tree has, or the default */
	const char *target;
	int quiet;
};

struct pyn_build_result {
	uint64_t made; /* targets */
	int signal;    /* that stopped it, or 0 */
	double seconds, cpu_seconds;
};

/* Runs make; -1 with a text when something does not compile, or a signal stopped it. Writes
 * build.json. */
int pyn_build(const struct pyn_build *b, struct pyn_build_result *result, struct dlfm_error *e);

#endif
