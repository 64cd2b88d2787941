/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm-stage: one process a node; see dlfm-stage(1). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmix-dist/debug.h"
#include "pmix-dist/verdict.h"
#include "pmix-dist/watchdog.h"

/* Seconds beyond the limit of the whole after which nothing is waited for; and for leaving PMIx. */
static const double beyond = 20, leaving = 5;

static volatile int stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = on_signal};
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int fail(const struct dlfm_error *e)
{
	fprintf(stderr, "dlfm: %s\n", e->text);
	return DLFM_EXIT_OWN;
}

/* What this rank says, and its exit code. Only rank 0 speaks. */
static int conclude(const struct tree_result *r, const struct options *o, const struct wireup *w)
{
	struct verdict v;

	if (wireup_rank(w) != 0)
		return r->known ? 0 : DLFM_EXIT_OWN;
	if (!r->known) {
		fprintf(stderr, "dlfm: not staged: %s\n", r->error.text);
		return DLFM_EXIT_OWN;
	}
	verdict_make(&v, r, o, w);
	if (v.status != 0 || !o->quiet)
		fprintf(stderr, "dlfm: %s\n", v.line);
	return v.status;
}

static int stage(const struct options *o)
{
	struct tree_result result;
	struct dlfm_error e;
	struct wireup *w;
	int status;

	watchdog(o->tree.timeout + beyond, DLFM_EXIT_OWN,
		 "dlfm: not staged: the time limit has passed in a call of PMIx\n");
	if (wireup_open(&w, &e) < 0)
		return fail(&e);
	debug_start(wireup_rank(w));
	tree_run(&result, &o->tree, w, &stop);
	status = conclude(&result, o, w);
	watchdog(leaving, status, NULL);
	reports_free(&result.reports);
	wireup_close(w);
	if (result.stuck)
		_exit(status);
	return status;
}

static int release(const struct options *o)
{
	struct dlfm_error e;

	if (dlfm_lease_release(o->tree.stage.dirs, o->release, &e) < 0)
		return fail(&e);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o;
	struct dlfm_error e;
	int rc = options_parse(&o, argc, argv, &e);

	if (rc != 0)
		return rc > 0 ? 0 : fail(&e);
	catch_signals();
	rc = o.release ? release(&o) : stage(&o);
	free(o.dirs_text);
	return rc;
}
