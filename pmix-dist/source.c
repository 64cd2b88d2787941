/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs that open and read the cache. */
#include <stddef.h>
#include <stdlib.h>

#include "pmix-dist/source.h"
#include "pmix-dist/trace.h"

/* Chunks a job: 1 MiB, what a parallel file system likes to be asked for. */
enum { READ_AT_ONCE = 4 };

static int read_chunk(const struct source *s, uint64_t number, uint8_t *to, struct dlfm_error *e)
{
	return input_read(&s->in, to, ring_chunk_size(s->ring, number), number * CHUNK_SIZE, e);
}

/* ---- open ---- */

static void run_open(struct job *j)
{
	struct source *s = (struct source *)((char *)j - offsetof(struct source, open));
	double begin = trace_now();

	s->rc = input_open(&s->in, s->path, s->policy, &s->job_error);
	trace_done("check", begin, 0);
}

static void failed(struct source *s)
{
	s->error = s->job_error;
	s->state = SOURCE_FAILED;
}

static void done_open(struct job *j)
{
	struct source *s = (struct source *)((char *)j - offsetof(struct source, open));

	if (s->rc < 0) {
		failed(s);
		return;
	}
	s->state = SOURCE_OPEN;
	ring_set_size(s->ring, s->in.brief.file_size);
}

int source_init(struct source *s, const char *path, enum dlfm_stale policy, struct ring *ring,
		int wake)
{
	double rate = s->rate;

	*s = (struct source){
		.path = path, .policy = policy, .ring = ring, .in.fd = -1, .rate = rate};
	s->worker = worker_new(wake);
	if (!s->worker)
		return -1;
	s->open.run = run_open;
	s->open.done = done_open;
	worker_post(s->worker, &s->open);
	return 0;
}

/* ---- the stream ---- */

static struct source *of_read(struct job *j)
{
	return (struct source *)((char *)j - offsetof(struct source, read));
}

static void run_read(struct job *j)
{
	struct source *s = of_read(j);
	double begin;
	uint64_t i;

	s->rc = 0;
	for (i = s->ring->head; i < s->end && s->rc == 0; i++) {
		begin = trace_now();
		s->rc = read_chunk(s, i, ring_chunk(s->ring, i), &s->job_error);
		trace_done("read", begin, ring_chunk_size(s->ring, i));
	}
}

static void done_read(struct job *j)
{
	struct source *s = of_read(j);

	s->reading = false;
	if (s->rc < 0)
		failed(s);
	else
		s->ring->head = s->end;
}

void source_step(struct source *s, double now)
{
	uint64_t room = ring_room(s->ring);

	if (s->state != SOURCE_OPEN || s->reading || room == 0 || now < s->next_read)
		return;
	s->end = s->ring->head + (room > READ_AT_ONCE ? READ_AT_ONCE : room);
	if (s->rate > 0)
		s->next_read = now + (double)((s->end - s->ring->head) * CHUNK_SIZE) / s->rate;
	s->read.run = run_read;
	s->read.done = done_read;
	s->reading = true;
	worker_post(s->worker, &s->read);
}

double source_delay(const struct source *s, double now)
{
	return s->state == SOURCE_OPEN && !s->reading ? s->next_read - now : -1;
}

/* ---- pieces ---- */

static void run_piece(struct job *j)
{
	struct piece *p = (struct piece *)((char *)j - offsetof(struct piece, job));

	p->there = read_chunk(p->source, p->number, p->bytes, NULL) == 0;
}

static void done_piece(struct job *j)
{
	struct piece *p = (struct piece *)((char *)j - offsetof(struct piece, job));

	p->busy = false;
	if (p->orphaned)
		free(p);
}

void source_again(struct source *s, struct piece *p, uint64_t number)
{
	p->source = s;
	p->number = number;
	p->there = false;
	p->busy = true;
	p->job.run = run_piece;
	p->job.done = done_piece;
	worker_post(s->worker, &p->job);
}

void piece_free(struct piece *p)
{
	if (p && p->busy)
		p->orphaned = true;
	else
		free(p);
}

bool source_end(struct source *s, double limit)
{
	if (!s->worker)
		return true;
	if (!worker_end(s->worker, limit))
		return false;
	s->worker = NULL;
	input_close(&s->in);
	return true;
}
