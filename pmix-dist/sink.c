/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs that open, feed and finish the stager. */
#include <stddef.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/sink.h"

/* Chunks a job: few, so that the ring's slots come free soon. */
enum { FEED_AT_ONCE = 8 };

static struct sink *of_job(struct job *j)
{
	return (struct sink *)((char *)j - offsetof(struct sink, job));
}

static void post(struct sink *s, void (*run)(struct job *), void (*done)(struct job *))
{
	s->job.run = run;
	s->job.done = done;
	s->busy = true;
	s->since = clock_now();
	worker_post(s->worker, &s->job);
}

/* The job came back: true if it is still of interest and went well. */
static bool job_back(struct sink *s)
{
	s->busy = false;
	if (s->state == SINK_FAILED)
		return false;
	if (s->rc >= 0)
		return true;
	s->error = s->job_error;
	s->state = SINK_FAILED;
	return false;
}

static void run_open(struct job *j)
{
	struct sink *s = of_job(j);

	s->rc = dlfm_stager_open(&s->stager, &s->brief, &s->options, &s->job_error);
}

static void done_open(struct job *j)
{
	struct sink *s = of_job(j);

	if (!job_back(s))
		return;
	s->had_it = s->rc == DLFM_STAGE_READY;
	s->state = s->had_it ? SINK_READY : SINK_TAKING;
}

static void run_feed(struct job *j)
{
	struct sink *s = of_job(j);
	uint64_t i, end = s->fed;

	s->rc = 0;
	for (i = s->next; i < end && s->rc == 0; i++)
		s->rc = dlfm_stager_feed(s->stager, ring_chunk(s->ring, i),
					 ring_chunk_size(s->ring, i), &s->job_error);
}

static void done_feed(struct job *j)
{
	struct sink *s = of_job(j);

	if (job_back(s))
		s->next = s->fed;
}

static void run_finish(struct job *j)
{
	struct sink *s = of_job(j);

	s->rc = dlfm_stager_finish(s->stager, s->image, &s->job_error);
	s->stager = NULL;
}

static void done_finish(struct job *j)
{
	struct sink *s = of_job(j);

	if (job_back(s))
		s->state = SINK_READY;
}

int sink_init(struct sink *s, const struct dlfm_stage_options *options, const struct ring *ring,
	      int wake)
{
	*s = (struct sink){.options = *options, .ring = ring};
	s->worker = worker_new(wake);
	return s->worker ? 0 : -1;
}

void sink_open(struct sink *s, const struct dlfm_cache_brief *brief)
{
	s->brief = *brief;
	s->state = SINK_OPENING;
	post(s, run_open, done_open);
}

void sink_step(struct sink *s, double now, double limit)
{
	if (s->busy && sink_holds(s) && now - s->since > limit) {
		s->state = SINK_FAILED;
		dlfm_errf(&s->error, "writing the image has made no progress for %.0f s", limit);
	}
	if (s->state != SINK_TAKING || s->busy)
		return;
	if (s->next == s->ring->total) {
		post(s, run_finish, done_finish);
	} else if (s->next < s->ring->head) {
		s->fed = s->ring->head - s->next > FEED_AT_ONCE ? s->next + FEED_AT_ONCE
								: s->ring->head;
		post(s, run_feed, done_feed);
	}
}

bool sink_end(struct sink *s, double limit)
{
	if (!s->worker)
		return true;
	if (!worker_end(s->worker, limit))
		return false;
	s->worker = NULL;
	if (s->had_it)
		dlfm_stager_finish(s->stager, s->image, NULL);
	else
		dlfm_stager_abort(s->stager);
	s->stager = NULL;
	return true;
}
