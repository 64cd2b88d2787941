/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm-stage: one process a node; see dlfm-stage(1). */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmix-dist/bulk.h"
#include "pmix-dist/debug.h"
#include "pmix-dist/trace.h"
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

/* By the launcher's word, before or without PMIx. */
static int is_first(void)
{
	static const char *const names[] = {"SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK"};
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = getenv(names[i])))
			return strcmp(value, "0") == 0;
	return 1;
}

static int fail(const struct dlfm_error *e)
{
	if (is_first())
		fprintf(stderr, "dlfm: %s\n", e->text);
	return DLFM_EXIT_OWN;
}

static int stage(const struct options *o)
{
	struct stage_result result;
	struct dlfm_error e;
	struct wireup *w;
	int status;

	watchdog(o->tree.timeout + beyond, DLFM_EXIT_OWN,
		 "dlfm: not staged: the time limit has passed in a call of PMIx\n");
	if (wireup_open(&w, &e) < 0)
		return fail(&e);
	debug_start(wireup_rank(w));
	if (o->trace && trace_open(o->trace, wireup_rank(w), &e) < 0)
		fprintf(stderr, "dlfm: %s\n", e.text);
	if (o->transport == DLFM_TRANSPORT_PMIX)
		bulk_run(&result, o, w, &stop);
	else
		tree_run(&result, &o->tree, w, &stop);
	status = verdict_say(&result, o, wireup_rank(w));
	watchdog(leaving, status, NULL);
	trace_close();
	reports_free(&result.reports);
	wireup_close(w);
	if (result.stuck)
		_exit(status);
	return status;
}

/*
 * Becomes dlfm-stage-mpi, which lies beside this program in a build tree, else among DLFM's helpers. Ranks that wait in MPI
 * must not take the processor from those that decompress: OpenMPI is asked to yield unless the user said something.
 */
static int run_mpi(char **argv)
{
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
	self[n > 0 ? n : 0] = '\0';
	snprintf(path, sizeof(path), "%s-mpi", self);
	execv(path, argv);
	execv(DLFM_HELPERDIR "/dlfm-stage-mpi", argv);
	fprintf(stderr, "dlfm: transport=mpi is not installed: cannot run %s: %s\n",
		DLFM_HELPERDIR "/dlfm-stage-mpi", strerror(errno));
	return DLFM_EXIT_OWN;
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
	if (o.transport == DLFM_TRANSPORT_MPI && !o.release)
		return run_mpi(argv);
	catch_signals();
	rc = o.release ? release(&o) : stage(&o);
	free(o.dirs_text);
	return rc;
}
