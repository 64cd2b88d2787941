/* SPDX-License-Identifier: BSD-3-Clause */
/* The stager from its start to its end: choosing a directory, finishing an image, giving up. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/lease.h"
#include "cache-tools/stage-private.h"

enum { MAX_THREADS = 4 };

/* ---- choosing a directory ---- */

/* The image is there: takes the lease (under the lock). */
static int use_image(struct dlfm_stager *st, struct dlfm_error *e)
{
	if (st->lease && dlfm_lease_take(&st->store, st->lease, st->brief.id, e) < 0)
		return -1;
	st->is_ready = 1;
	return 1;
}

static int is_stopped(const struct dlfm_stager *st)
{
	return st->stop && st->stop();
}

/* Waits until the builder is done, at most so many milliseconds, which are used up. */
static void wait_for(const struct dlfm_stager *st, int builder, unsigned *ms)
{
	struct timespec pause = {.tv_nsec = 1000000};
	unsigned step = 1;

	while (*ms && !is_stopped(st) && flock(builder, LOCK_SH | LOCK_NB) < 0) {
		step = step < *ms ? step : *ms;
		pause.tv_nsec = step * 1000000L;
		nanosleep(&pause, NULL);
		*ms -= step;
		if (step < 16)
			step *= 2;
	}
	close(builder);
}

static int set_image(struct dlfm_stager *st, struct dlfm_error *e)
{
	int n = snprintf(st->image, sizeof(st->image), "%s/%s", st->store.path, st->brief.id);

	return n < (int)sizeof(st->image)
		       ? 0
		       : dlfm_errf(e, "%s: the path is too long", st->store.path);
}

/* Has this directory the image? 1 with the lease taken, 0 or -1 with a text; the store stays open
 * for 1 only. */
static int find_in(struct dlfm_stager *st, const char *dir, struct dlfm_error *e)
{
	int rc;

	rc = dlfm_store_open(&st->store, dir, geteuid(), DLFM_STORE_CHANGE, e);
	if (rc <= 0)
		return rc;
	rc = set_image(st, e);
	if (rc == 0)
		rc = dlfm_store_lock(&st->store, e);
	if (rc == 0) {
		rc = dlfm_store_has(&st->store, st->brief.id, e);
		rc = rc == 1 ? use_image(st, e) : rc;
		dlfm_store_unlock(&st->store);
	}
	if (!st->is_ready)
		dlfm_store_close(&st->store);
	return st->is_ready ? 1 : rc < 0 ? -1 : 0;
}

/*
 * Under the lock: makes the temporary. 0; 1: the image is there; 2: somebody who lives builds it,
 * *builder; -1.
 */
static int claim(struct dlfm_stager *st, int may_wait, int *builder, struct dlfm_error *e)
{
	int rc;

	dlfm_store_discard_dead(&st->store);
	rc = dlfm_store_has(&st->store, st->brief.id, e);
	if (rc != 0)
		return rc == 1 ? use_image(st, e) : -1;
	*builder = may_wait ? dlfm_store_builder(&st->store, st->brief.id) : -1;
	if (*builder >= 0)
		return 2;
	st->temp = dlfm_store_temp(&st->store, st->brief.id, st->temp_name, e);
	return st->temp < 0 ? -1 : 0;
}

static void drop_temp(struct dlfm_stager *st)
{
	unlinkat(st->store.fd, st->temp_name, AT_REMOVEDIR);
	close(st->temp);
	st->temp = -1;
	if (dlfm_store_lock(&st->store, NULL) == 0)
		dlfm_store_retire(&st->store);
}

/* Begins an image in this directory: 0; 1: it was finished by somebody meanwhile; -1 with a text.
 */
static int begin_in(struct dlfm_stager *st, const char *dir, unsigned *wait_ms,
		    struct dlfm_error *e)
{
	int rc, builder;

	if (dlfm_store_open(&st->store, dir, geteuid(), DLFM_STORE_MAKE, e) < 0)
		return -1;
	rc = set_image(st, e);
	while (rc == 0 && (rc = dlfm_store_lock(&st->store, e)) == 0) {
		rc = claim(st, *wait_ms > 0, &builder, e);
		dlfm_store_unlock(&st->store);
		if (rc != 2)
			break;
		wait_for(st, builder, wait_ms);
		rc = is_stopped(st) ? dlfm_errf(e, "interrupted") : 0;
	}
	if (rc == 0) {
		dlfm_store_empty(&st->store);
		if (stage_check_space(st->temp, dir, &st->brief, e) == 0 &&
		    stage_check_exec(st->temp, dir, e) == 0)
			return 0;
		drop_temp(st);
		rc = -1;
	}
	if (rc < 0)
		dlfm_store_close(&st->store);
	return rc;
}

/* Adds a directory's reason to the list. */
static void add_reason(struct dlfm_error *all, const struct dlfm_error *one)
{
	size_t n = strlen(all->text);

	if (snprintf(all->text + n, sizeof(all->text) - n, "%s%s", n ? "; " : "", one->text) >=
	    (int)(sizeof(all->text) - n))
		strcpy(all->text + sizeof(all->text) - 4, "...");
}

static int choose(struct dlfm_stager *st, const char *const *dirs, unsigned wait_ms,
		  struct dlfm_error *e)
{
	struct dlfm_error why = {""}, reasons = {""};
	int rc, i;

	for (i = 0; dirs[i]; i++)
		if (find_in(st, dirs[i], &why) == 1)
			return DLFM_STAGE_READY;
	for (i = 0; dirs[i]; i++) {
		rc = begin_in(st, dirs[i], &wait_ms, &why);
		if (rc >= 0)
			return rc == 1 ? DLFM_STAGE_READY : DLFM_STAGE_NEEDED;
		add_reason(&reasons, &why);
	}
	return dlfm_errf(e, "no directory to stage in: %s", reasons.text);
}

/* ---- open ---- */

static unsigned usual_threads(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}

static struct dlfm_stager *new_stager(const struct dlfm_cache_brief *brief,
				      const struct dlfm_stage_options *o)
{
	struct dlfm_stager *st = calloc(1, sizeof(*st));
	char kept[DLFM_LEASE_KEY_MAX + 1];

	if (!st)
		return NULL;
	st->brief = *brief;
	st->store = (struct dlfm_store){.fd = -1, .leases = -1, .lock = -1};
	st->temp = st->tree.root = -1;
	st->stop = o->stop;
	st->trace = o->trace;
	st->threads = o->threads ? o->threads : usual_threads();
	st->state = STAGE_HEADER;
	st->want = sizeof(st->header);
	st->libdir = strdup(o->libdir ? o->libdir : dlfm_libdir());
	dlfm_lease_kept_key(kept, brief->id);
	if (o->lease || o->keep)
		st->lease = strdup(o->lease ? o->lease : kept);
	if (st->libdir && (st->lease || !(o->lease || o->keep)))
		return st;
	dlfm_stager_abort(st);
	return NULL;
}

int dlfm_stager_open(struct dlfm_stager **out, const struct dlfm_cache_brief *brief,
		     const struct dlfm_stage_options *options, struct dlfm_error *e)
{
	static const struct dlfm_stage_options none;
	const struct dlfm_stage_options *o = options ? options : &none;
	struct dlfm_stager *st;
	int rc;

	*out = NULL;
	if (o->lease && dlfm_lease_check_key(o->lease, e) < 0)
		return -1;
	if (o->max_size && stage_space_needed(brief) > o->max_size)
		return dlfm_errf(e,
				 "the image needs up to %llu MiB, %llu MiB are allowed (max_size)",
				 (unsigned long long)stage_space_needed(brief) >> 20,
				 (unsigned long long)o->max_size >> 20);
	if (stage_check_objects(o->libdir ? o->libdir : dlfm_libdir(), e) < 0)
		return -1;
	st = new_stager(brief, o);
	if (!st)
		return dlfm_errf(e, "no memory");
	rc = choose(st, dlfm_store_dirs(o->dirs), o->wait * 1000, e);
	if (rc < 0) {
		dlfm_stager_abort(st);
		return -1;
	}
	*out = st;
	return rc;
}

const char *dlfm_stager_image(const struct dlfm_stager *st)
{
	return st && st->is_ready ? st->image : NULL;
}

/* ---- the end ---- */

static int complete(struct dlfm_stager *st, struct dlfm_error *e)
{
	char root[PATH_MAX + 8];
	struct stage_pool *pool = st->pool;

	if (st->is_dead) {
		*e = st->error;
		return -1;
	}
	if (st->state != STAGE_END)
		return dlfm_damaged(e, "it ends at byte %llu of %llu",
				    (unsigned long long)(st->offset + st->have),
				    (unsigned long long)st->brief.file_size);
	st->pool = NULL;
	snprintf(root, sizeof(root), "%s/root", st->image);
	if (stage_pool_end(pool, 0, e) < 0 || stage_make_links(&st->tree, e) < 0 ||
	    stage_copy_objects(st->temp, st->store.path, st->libdir, e) < 0)
		return -1;
	return stage_write_index(&st->tree, st->temp, root, e);
}

/* Gives the image its name, unless another process was faster; then that one is used. */
static int publish(struct dlfm_stager *st, struct dlfm_error *e)
{
	int rc;

	if (dlfm_store_lock(&st->store, e) < 0)
		return -1;
	rc = dlfm_store_has(&st->store, st->brief.id, e);
	if (rc == 0) {
		rc = renameat(st->store.fd, st->temp_name, st->store.fd, st->brief.id);
		if (rc < 0)
			dlfm_errnof(e, "cannot rename %s/%s", st->store.path, st->temp_name);
		else
			st->temp_name[0] = '\0';
	}
	if (rc >= 0 && st->lease)
		rc = dlfm_lease_take(&st->store, st->lease, st->brief.id, e);
	dlfm_store_unlock(&st->store);
	return rc < 0 ? -1 : 0;
}

int dlfm_stager_finish(struct dlfm_stager *st, char image[PATH_MAX], struct dlfm_error *e)
{
	struct dlfm_error none = {""};
	int rc = 0;

	e = e ? e : &none;
	if (!st->is_ready)
		rc = complete(st, e) < 0 ? -1 : publish(st, e);
	if (rc == 0)
		memcpy(image, st->image, sizeof(st->image));
	dlfm_stager_abort(st);
	return rc;
}

static void remove_temp(struct dlfm_stager *st)
{
	dlfm_store_discard(&st->store, st->temp_name);
	dlfm_store_empty(&st->store);
	if (dlfm_store_lock(&st->store, NULL) == 0)
		dlfm_store_retire(&st->store);
}

void dlfm_stager_abort(struct dlfm_stager *st)
{
	if (!st)
		return;
	stage_feed_free(st);
	if (st->temp >= 0) {
		if (st->temp_name[0])
			remove_temp(st);
		close(st->temp);
	}
	dlfm_store_close(&st->store);
	free((char *)st->libdir);
	free(st->lease);
	free(st);
}
