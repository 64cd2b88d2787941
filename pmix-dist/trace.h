/* SPDX-License-Identifier: BSD-3-Clause */
/* What this node does when, for figures: a line a piece of work, with --trace. */
#ifndef DLFM_PMIX_TRACE_H
#define DLFM_PMIX_TRACE_H

#include <stdint.h>

#include "cache-tools/error.h"

/*
 * Lines go to <path>.<rank> from now on: what was done (check, read, receive, decompress, write), when it began and ended
 * (seconds of CLOCK_MONOTONIC), and the bytes. -1 with a text if the file cannot be made.
 */
int trace_open(const char *path, uint32_t rank, struct dlfm_error *e);
/* Writes what is still in memory. */
void trace_close(void);
/* Now, or 0 without a trace. */
double trace_now(void);
/* A piece of work that began at `begin` is done. By any thread; nothing without a trace. */
void trace_done(const char *what, double begin, uint64_t bytes);

#endif
