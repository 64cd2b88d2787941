/* SPDX-License-Identifier: BSD-3-Clause */
/* A stager and the report on it. */
#include <stdio.h>

#include "pmix-dist/local.h"

static void say(struct local *l, enum report_kind kind, const char *text)
{
	l->report.kind = kind;
	snprintf(l->report.text, sizeof(l->report.text), "%s", text);
}

void local_abort(struct local *l)
{
	dlfm_stager_abort(l->stager);
	l->stager = NULL;
}

void local_fail(struct local *l, const struct dlfm_error *e)
{
	local_abort(l);
	say(l, REPORT_FAILED, e->text);
}

void local_open(struct local *l, const struct dlfm_cache_brief *brief,
		const struct dlfm_stage_options *options)
{
	char image[PATH_MAX];
	struct dlfm_error e;
	int rc = dlfm_stager_open(&l->stager, brief, options, &e);

	if (rc < 0) {
		local_fail(l, &e);
	} else if (rc == DLFM_STAGE_READY) {
		dlfm_stager_finish(l->stager, image, NULL);
		l->stager = NULL;
		say(l, REPORT_READY, "had it already");
	}
}

void local_feed(struct local *l, const void *data, size_t size)
{
	struct dlfm_error e;

	if (l->stager && dlfm_stager_feed(l->stager, data, size, &e) < 0)
		local_fail(l, &e);
}

void local_finish(struct local *l)
{
	char image[PATH_MAX];
	struct dlfm_error e;
	int rc;

	if (!l->stager)
		return;
	rc = dlfm_stager_finish(l->stager, image, &e);
	l->stager = NULL;
	say(l, rc == 0 ? REPORT_READY : REPORT_FAILED, rc == 0 ? "" : e.text);
}
