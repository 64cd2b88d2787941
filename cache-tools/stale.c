/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a cache for staging: trusted, and true. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/stale-private.h"

static int check_trust(const struct dlfm_cache_file *f, struct dlfm_error *e)
{
	struct stat st;

	if (fstat(f->fd, &st) < 0)
		return dlfm_errnof(e, "%s: cannot be examined", f->name);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return dlfm_errf(e,
				 "%s: belongs to uid %u, neither to you nor to root: its libraries "
				 "would run as you; copy it, or use --trust if you trust it",
				 f->name, st.st_uid);
	if (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && st.st_gid != st.st_uid))
		return dlfm_errf(e,
				 "%s: others can write it (mode %04o), and its libraries would run "
				 "as you; chmod go-w it, or use --trust if you trust them",
				 f->name, st.st_mode & 07777);
	return 0;
}

static int is_directory(const struct stale *s, uint32_t i)
{
	return S_ISDIR(s->cache->entries[i].st.mode);
}

/* A file says more than the directory that it stands in. */
static uint32_t most_telling(const struct stale *s)
{
	uint32_t i, first = DLFM_NONE;

	for (i = 0; i < s->cache->n_entries; i++)
		if (*stale_word(s->state[i]) && (first == DLFM_NONE || is_directory(s, first)))
			first = i;
	return first;
}

static void fill_report(const struct stale *s, struct dlfm_stale_report *r)
{
	const uint32_t first = most_telling(s);
	char why[512];

	r->checked = s->checked;
	r->changed = s->n[STALE_CHANGED];
	r->gone = s->n[STALE_GONE];
	r->appeared = s->n[STALE_APPEARED];
	if (first == DLFM_NONE)
		return;
	stale_tell(s, first, why, sizeof(why));
	snprintf(r->first, sizeof(r->first), "%s (%s: %s)", s->cache->entries[first].path,
		 stale_word(s->state[first]), why);
}

static void tell_all(const struct stale *s, const struct dlfm_stale_listener *l)
{
	char why[512];
	uint32_t i;

	for (i = 0; l && i < s->cache->n_entries; i++) {
		if (!*stale_word(s->state[i]))
			continue;
		stale_tell(s, i, why, sizeof(why));
		l->tell(l->arg, s->cache->entries[i].path, stale_word(s->state[i]), why);
	}
}

static int refuse(const struct stale *s, const struct dlfm_stale_report *r, struct dlfm_error *e)
{
	unsigned long n = r->changed + r->gone + r->appeared;

	return dlfm_errf(
		e,
		"%s: %lu of %lu recorded paths changed since: %s%s; record it anew, or use "
		"stale=refresh",
		s->file->name, n, r->checked, r->first, n > 1 ? " ..." : "");
}

/* The file itself; the caller of dlfm_cache_open() keeps the descriptor. */
static int keep_file(struct dlfm_cache_file *f, struct dlfm_error *e)
{
	int fd = f->fd;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return dlfm_errnof(e, "%s: cannot be read", f->name);
	f->fd = -1;
	return fd;
}

static int open_true(struct dlfm_cache_file *f, const struct dlfm_stale_options *o,
		     struct dlfm_stale_report *r, struct dlfm_error *e)
{
	struct stale s = {
		.file = f, .cache = f->cache, .threads = o->threads, .thorough = o->thorough};
	int fd = -1;

	if (stale_compare(&s, e) < 0)
		goto fail;
	fill_report(&s, r);
	tell_all(&s, o->listener);
	r->kept = s.n[STALE_SAME] + (o->thorough ? 0 : s.n[STALE_RETIMED]) == s.cache->n_entries;
	if (r->kept)
		fd = keep_file(f, e);
	else if (o->policy == DLFM_STALE_FAIL && r->changed + r->gone + r->appeared)
		fd = refuse(&s, r, e);
	else if (stale_mend(&s, o->policy, e) == 0 && (fd = stale_write(&s, e)) < 0)
		dlfm_err_prefix(e, "%s", f->name);
fail:
	free(s.state);
	free(s.reread);
	return fd;
}

int dlfm_stale_open_with(const char *cache, const struct dlfm_stale_options *options,
			 struct dlfm_stale_report *report, struct dlfm_error *e)
{
	struct dlfm_cache_file f;
	struct dlfm_stale_report none = {0};
	int fd = -1;

	report = report ? report : &none;
	memset(report, 0, sizeof(*report));
	if (dlfm_cache_open(&f, cache, e) < 0)
		return -1;
	if (options->trusted || check_trust(&f, e) == 0)
		fd = open_true(&f, options, report, e);
	dlfm_cache_close(&f);
	return fd;
}

int dlfm_stale_open(const char *cache, enum dlfm_stale policy, unsigned threads,
		    struct dlfm_stale_report *report, struct dlfm_error *e)
{
	const struct dlfm_stale_options o = {.policy = policy, .threads = threads};

	return dlfm_stale_open_with(cache, &o, report, e);
}

int dlfm_stale_open_trusted(const char *cache, enum dlfm_stale policy, unsigned threads,
			    struct dlfm_stale_report *report, struct dlfm_error *e)
{
	const struct dlfm_stale_options o = {.policy = policy, .threads = threads, .trusted = 1};

	return dlfm_stale_open_with(cache, &o, report, e);
}
