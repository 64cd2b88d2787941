/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread with a queue of jobs. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "pmix-dist/worker.h"

struct queue {
	struct job *first, **last;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct queue todo, done;
	bool ending, ended;
	int wake;
};

static void append(struct queue *q, struct job *j)
{
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
}

static struct job *take(struct queue *q)
{
	struct job *j = q->first;

	if (j && !(q->first = j->next))
		q->last = &q->first;
	return j;
}

static void *serve(void *arg)
{
	struct worker *w = arg;
	const uint64_t one = 1;
	struct job *j;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!(j = take(&w->todo)) && !w->ending)
			pthread_cond_wait(&w->changed, &w->lock);
		if (!j)
			break;
		pthread_mutex_unlock(&w->lock);
		j->run(j);
		pthread_mutex_lock(&w->lock);
		append(&w->done, j);
		if (write(w->wake, &one, sizeof(one)) < 0)
			continue; /* full: it is awake */
	}
	w->ended = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Signals are for the main thread. */
static int start_thread(struct worker *w)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&w->thread, NULL, serve, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

struct worker *worker_new(int wake)
{
	struct worker *w = calloc(1, sizeof(*w));
	pthread_condattr_t monotonic;

	if (!w)
		return NULL;
	w->wake = wake;
	w->todo.last = &w->todo.first;
	w->done.last = &w->done.first;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (start_thread(w) == 0)
		return w;
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

void worker_post(struct worker *w, struct job *j)
{
	pthread_mutex_lock(&w->lock);
	append(&w->todo, j);
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void worker_reap(struct worker *w)
{
	struct job *j;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		j = take(&w->done);
		pthread_mutex_unlock(&w->lock);
		if (!j)
			return;
		j->done(j);
	}
}

bool worker_end(struct worker *w, double limit)
{
	struct timespec end;
	bool ended;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += (time_t)limit + 1;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_broadcast(&w->changed);
	while (!w->ended && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w->changed, &w->lock, &end);
	ended = w->ended;
	pthread_mutex_unlock(&w->lock);
	if (!ended)
		return false;
	pthread_join(w->thread, NULL);
	worker_reap(w);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return true;
}
