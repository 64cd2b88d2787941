/* SPDX-License-Identifier: BSD-3-Clause */
/* Learning: a lock on the cache's file, a small cache of what was missing, a merge. */
#include "config.h"

#include "cache-tools/learn.h"

#include <stdio.h>
#include <unistd.h>

#include "cache-tools/cache-lock.h"
#include "cache-tools/merge.h"
#include "cache-tools/pack.h"
#include "cache-tools/report.h"

static int anything_missed(const char *const *dirs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct dlfm_report *r = dlfm_report_read(dirs[i], NULL);
		uint32_t misses = r ? r->n_misses : 0;

		dlfm_report_free(r);
		if (misses)
			return 1;
	}
	return 0;
}

/* Packs into a file without a name, so that none is left however this ends; its descriptor, or -1 with a text. */
static int pack_unnamed(const char *cache, const char *const *dirs, size_t n, struct dlfm_error *e)
{
	struct dlfm_cache_file f;
	struct dlfm_pack_report report;
	struct dlfm_policy policy;
	int fd = -1, rc;
	const struct dlfm_pack_options options = {.policy = &policy, .unnamed = &fd};

	if (dlfm_cache_open(&f, cache, e) < 0)
		return -1;
	dlfm_policy_default(&policy);
	if (f.cache->scope != DLFM_SCOPE_DEFAULT)
		policy.scope = f.cache->scope;
	dlfm_cache_close(&f);
	rc = dlfm_pack(dirs, n, cache, &options, &report, e);
	dlfm_policy_free(&policy);
	return rc < 0 ? -1 : fd;
}

/* Adds to what stands under the cache's name once it is locked. */
static int merge_locked(const char *cache, int learnt, struct dlfm_error *e)
{
	char name[32];
	struct dlfm_cache_lock lock;
	struct dlfm_cache_file files[2];
	const struct dlfm_cache_file *list[2] = {&files[0], &files[1]};
	int rc = -1;

	if (dlfm_cache_lock(&lock, cache, e) < 0)
		return -1;
	if (dlfm_cache_open(&files[0], cache, e) < 0)
		goto fail;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", learnt);
	if (dlfm_cache_open(&files[1], name, e) == 0) {
		rc = dlfm_merge(list, 2, cache, e);
		dlfm_cache_close(&files[1]);
	}
	dlfm_cache_close(&files[0]);
fail:
	dlfm_cache_unlock(&lock);
	return rc;
}

int dlfm_learn(const char *cache, const char *const *journal_dirs, size_t n, struct dlfm_error *e)
{
	int learnt, rc;

	if (!anything_missed(journal_dirs, n)) {
		dlfm_errf(e, "nothing went to the file system");
		return 0;
	}
	learnt = pack_unnamed(cache, journal_dirs, n, e);
	if (learnt < 0)
		return 0;
	rc = merge_locked(cache, learnt, e);
	close(learnt);
	return rc < 0 ? -1 : 1;
}
