/* SPDX-License-Identifier: BSD-3-Clause */
/* Wire-up by PMIx. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <pmix.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/wireup.h"

struct wireup {
	pmix_proc_t self;
	uint32_t size;
	bool server; /* there is a PMIx server */
	char node[256];
};

/* Shared by the caller and PMIx's thread, which may answer after the caller has lost patience. */
struct wireup_get {
	struct wireup *w;
	pmix_proc_t rank;
	char name[PMIX_MAX_KEYLEN + 1];
	double end, again, pause; /* again: when to ask once more */
	int wake;

	pthread_mutex_t lock;
	int users;
	bool asked, answered;
	pmix_info_t limit; /* PMIx reads it until it has answered */
	pmix_status_t status;
	void *data;
	size_t size;
};

static uint32_t number_from(const char *name)
{
	const char *text = getenv(name);

	return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

/* Ranks that the launcher started, by its own variables; 1 if there was none. */
static uint32_t launched(void)
{
	static const char *const names[] = {"SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE",
					    "PMI_SIZE"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (number_from(names[i]) > 1)
			return number_from(names[i]);
	return 1;
}

static int find_size(struct wireup *w, struct dlfm_error *e)
{
	pmix_value_t *v = NULL;
	pmix_proc_t all;
	pmix_status_t rc;

	PMIX_LOAD_PROCID(&all, w->self.nspace, PMIX_RANK_WILDCARD);
	rc = PMIx_Get(&all, PMIX_JOB_SIZE, NULL, 0, &v);
	if (rc != PMIX_SUCCESS)
		return dlfm_errf(e, "PMIx does not tell the number of ranks: %s",
				 PMIx_Error_string(rc));
	w->size = v->data.uint32;
	PMIX_VALUE_RELEASE(v);
	return 0;
}

static int join(struct wireup *w, struct dlfm_error *e)
{
	pmix_status_t rc;

	if (!getenv("PMIX_NAMESPACE")) {
		w->size = 1;
		if (launched() == 1)
			return 0;
		return dlfm_errf(e,
				 "started with %u tasks but without PMIx; use srun --mpi=pmix "
				 "or mpirun",
				 launched());
	}
	rc = PMIx_Init(&w->self, NULL, 0);
	if (rc != PMIX_SUCCESS)
		return dlfm_errf(e, "PMIx_Init failed: %s", PMIx_Error_string(rc));
	w->server = true;
	return find_size(w, e);
}

int wireup_open(struct wireup **out, struct dlfm_error *e)
{
	struct wireup *w = calloc(1, sizeof(*w));

	*out = NULL;
	if (!w)
		return dlfm_errf(e, "no memory");
	wireup_own_node(w->node, sizeof(w->node));
	if (join(w, e) < 0) {
		wireup_close(w);
		return -1;
	}
	*out = w;
	return 0;
}

uint32_t wireup_rank(const struct wireup *w)
{
	return w->server ? w->self.rank : 0;
}

uint32_t wireup_size(const struct wireup *w)
{
	return w->size;
}

void wireup_node(const struct wireup *w, uint32_t rank, char *name, size_t size)
{
	pmix_info_t local;
	pmix_proc_t proc;
	pmix_value_t *v = NULL;

	snprintf(name, size, "%s", rank == wireup_rank(w) ? w->node : "");
	if (name[0] || !w->server)
		return;
	/* What the launcher told every server: answered without a request to the other node. */
	PMIX_LOAD_PROCID(&proc, w->self.nspace, rank);
	PMIX_INFO_LOAD(&local, PMIX_OPTIONAL, NULL, PMIX_BOOL);
	if (PMIx_Get(&proc, PMIX_HOSTNAME, &local, 1, &v) == PMIX_SUCCESS) {
		if (v->type == PMIX_STRING && v->data.string)
			snprintf(name, size, "%s", v->data.string);
		PMIX_VALUE_RELEASE(v);
	}
	PMIX_INFO_DESTRUCT(&local);
}

int wireup_put(struct wireup *w, const char *name, const void *data, size_t size,
	       struct dlfm_error *e)
{
	pmix_value_t v;
	pmix_status_t rc;

	if (!w->server)
		return 0;
	PMIX_VALUE_CONSTRUCT(&v);
	v.type = PMIX_BYTE_OBJECT;
	v.data.bo.bytes = (char *)data;
	v.data.bo.size = size;
	rc = PMIx_Put(PMIX_GLOBAL, name, &v);
	return rc == PMIX_SUCCESS ? 0 : dlfm_errf(e, "PMIx_Put failed: %s", PMIx_Error_string(rc));
}

int wireup_commit(struct wireup *w, struct dlfm_error *e)
{
	pmix_status_t rc = w->server ? PMIx_Commit() : PMIX_SUCCESS;

	return rc == PMIX_SUCCESS ? 0
				  : dlfm_errf(e, "PMIx_Commit failed: %s", PMIx_Error_string(rc));
}

/* ---- getting ---- */

static void get_release(struct wireup_get *g)
{
	bool last;

	pthread_mutex_lock(&g->lock);
	last = --g->users == 0;
	pthread_mutex_unlock(&g->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&g->lock);
	if (g->data)
		explicit_bzero(g->data, g->size);
	free(g->data);
	free(g);
}

/* In PMIx's thread. */
static void answer(pmix_status_t status, pmix_value_t *v, void *arg)
{
	struct wireup_get *g = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&g->lock);
	g->status = status;
	if (status == PMIX_SUCCESS && v && v->type == PMIX_BYTE_OBJECT &&
	    (g->data = malloc(v->data.bo.size + 1))) {
		memcpy(g->data, v->data.bo.bytes, v->data.bo.size);
		g->size = v->data.bo.size;
	} else if (status == PMIX_SUCCESS) {
		g->status = PMIX_ERR_BAD_PARAM;
	}
	g->answered = true;
	/* The caller closes its eventfd only after it has ended this get. */
	if (g->users > 1 && write(g->wake, &one, sizeof(one)) < 0)
		errno = 0; /* full: it is awake */
	pthread_mutex_unlock(&g->lock);
	get_release(g);
}

static void ask(struct wireup_get *g)
{
	int seconds = (int)(g->end - clock_now()) + 1;
	pmix_status_t rc;

	g->asked = true;
	g->answered = false;
	g->users++;
	PMIX_INFO_LOAD(&g->limit, PMIX_TIMEOUT, &seconds, PMIX_INT);
	rc = PMIx_Get_nb(&g->rank, g->name, &g->limit, 1, answer, g);
	if (rc != PMIX_SUCCESS)
		answer(rc, NULL, g);
}

struct wireup_get *wireup_start(struct wireup *w, uint32_t rank, const char *name, double limit,
				int wake)
{
	struct wireup_get *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	/* analyzer: two users: the answer's thread and the caller; the last one frees it */
	g->w = w;
	PMIX_LOAD_PROCID(&g->rank, w->self.nspace, rank);
	snprintf(g->name, sizeof(g->name), "%s", name);
	g->end = clock_now() + limit;
	g->wake = wake;
	g->users = 1;
	pthread_mutex_init(&g->lock, NULL);
	ask(g);
	/* analyzer: two users, of whom the last one frees it */
	return g;
}

int wireup_take(struct wireup_get *g, const void **data, size_t *size, struct dlfm_error *e)
{
	double now = clock_now();
	pmix_status_t status;
	bool answered;

	if (!g->asked && now >= g->again)
		ask(g);
	/* analyzer: two users, of whom the last one frees it */
	pthread_mutex_lock(&g->lock);
	answered = g->answered;
	status = g->status;
	pthread_mutex_unlock(&g->lock);
	if (answered && g->asked && status == PMIX_SUCCESS) {
		*data = g->data;
		*size = g->size;
		return 1;
	}
	if (now > g->end)
		return dlfm_errf(e, "PMIx_Get of rank %u: %s", g->rank.rank,
				 answered ? PMIx_Error_string(status) : "no answer");
	if (answered && g->asked) {
		/* Too early, or a passing failure of the servers. */
		g->asked = false;
		g->pause = g->pause == 0 ? 0.005 : g->pause < 0.2 ? 2 * g->pause : 0.2;
		g->again = now + g->pause;
	}
	return 0;
}

void wireup_end(struct wireup_get *g)
{
	if (g)
		get_release(g);
}

/* Given up by the caller or answered by PMIx's thread, whichever comes last, frees it. */
struct fence {
	pmix_proc_t all;
	pmix_info_t limit;
	pthread_mutex_t lock;
	pthread_cond_t came; /* waits by CLOCK_MONOTONIC: the time of day may be set meanwhile */
	bool done;
	atomic_int users;
};

static struct fence *fence_new(void)
{
	struct fence *f = calloc(1, sizeof(*f));
	pthread_condattr_t attributes;

	if (!f)
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&f->came, &attributes);
	pthread_condattr_destroy(&attributes);
	f->users = 2;
	return f;
}

static void fence_release(struct fence *f)
{
	if (atomic_fetch_sub(&f->users, 1) > 1)
		return;
	pthread_cond_destroy(&f->came);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static void fenced(pmix_status_t status, void *arg)
{
	struct fence *f = arg;

	(void)status;
	pthread_mutex_lock(&f->lock);
	f->done = true;
	pthread_cond_signal(&f->came);
	pthread_mutex_unlock(&f->lock);
	fence_release(f);
}

static void fence_wait(struct fence *f, int seconds)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	pthread_mutex_lock(&f->lock);
	while (!f->done && pthread_cond_timedwait(&f->came, &f->lock, &end) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&f->lock);
}

void wireup_fence(struct wireup *w, double limit)
{
	struct fence *f = fence_new();
	int seconds = (int)limit + 1;
	pmix_proc_t all;

	if (!f)
		return;
	PMIX_LOAD_PROCID(&all, w->self.nspace, PMIX_RANK_WILDCARD);
	f->all = all;
	PMIX_INFO_LOAD(&f->limit, PMIX_TIMEOUT, &seconds, PMIX_INT);
	if (PMIx_Fence_nb(&f->all, 1, &f->limit, 1, fenced, f) != PMIX_SUCCESS)
		fenced(PMIX_ERROR, f);
	/* analyzer: two users, of whom the last one frees it */
	fence_wait(f, seconds);
	fence_release(f);
}

void wireup_close(struct wireup *w)
{
	if (w && w->server)
		PMIx_Finalize(NULL, 0);
	free(w);
}
