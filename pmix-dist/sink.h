/* SPDX-License-Identifier: BSD-3-Clause */
/* This node as a consumer of the stream: feeds the stager (cache-tools/stage.h) in a thread of its
 * own. */
#ifndef DLFM_PMIX_SINK_H
#define DLFM_PMIX_SINK_H

#include "cache-tools/stage.h"
#include "pmix-dist/ring.h"
#include "pmix-dist/worker.h"

enum sink_state {
	SINK_NEW,
	SINK_OPENING,
	SINK_TAKING, /* needs the chunks from `next` on */
	SINK_READY,  /* the image is there */
	SINK_FAILED, /* error says why */
};

struct sink {
	enum sink_state state;
	bool had_it;   /* the image was there before */
	uint64_t next; /* first chunk that was not fed yet */
	struct dlfm_error error;

	struct dlfm_stage_options options;
	struct dlfm_cache_brief brief;
	struct dlfm_stager *stager;
	struct worker *worker;
	struct job job;
	bool busy;
	double since; /* the job under way began */
	const struct ring *ring;
	uint64_t fed; /* by the job */
	int rc;
	struct dlfm_error job_error;
	char image[PATH_MAX];
};

/* `wake` as in worker.h. -1: no thread. */
int sink_init(struct sink *s, const struct dlfm_stage_options *options, const struct ring *ring,
	      int wake);
/* The cache is known: opens the stager. */
void sink_open(struct sink *s, const struct dlfm_cache_brief *brief);
/* Goes on with what has come: to be called after each change. Fails if one job takes more than
 * `limit` seconds. */
void sink_step(struct sink *s, double now, double limit);
/* Removes what is half done. False if the thread does not end: then the process must _exit. */
bool sink_end(struct sink *s, double limit);

/* True while chunks must be kept for it. */
static inline bool sink_holds(const struct sink *s)
{
	return s->state == SINK_NEW || s->state == SINK_OPENING || s->state == SINK_TAKING;
}

#endif
