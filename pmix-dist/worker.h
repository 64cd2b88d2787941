/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread that does what may wait (reading the cache, staging), one job after the other, so that
 * the thread that serves the network never does.
 */
#ifndef DLFM_PMIX_WORKER_H
#define DLFM_PMIX_WORKER_H

#include <stdbool.h>

struct job {
	void (*run)(struct job *j);  /* in the worker's thread */
	void (*done)(struct job *j); /* in the thread that calls worker_reap() */
	struct job *next;
};

struct worker;

/* `wake` is an eventfd that is written when a job has been done. NULL: no thread, no memory. */
struct worker *worker_new(int wake);
/* The job's memory is the caller's, and stays as it is until `done`. */
void worker_post(struct worker *w, struct job *j);
/* Calls `done` of the jobs that were done. */
void worker_reap(struct worker *w);
/*
 * Waits at most `limit` seconds for the jobs that were posted, then ends the thread and frees *w:
 * true. If one still runs, nothing is freed: false; the process must end without touching the
 * memory of its jobs.
 */
bool worker_end(struct worker *w, double limit);

#endif
