/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dlfm-stage-mpi: transport mpi, in a program of its own so that nothing else links MPI. dlfm-stage executes it.
 *
 * Rank 0 broadcasts the header; the ranks that need data get them by MPI_Ibcast in chunks, several in flight; the reports
 * are gathered. MPI has no notion of a lost rank: if one dies, MPI ends all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpi.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/debug.h"
#include "pmix-dist/input.h"
#include "pmix-dist/local.h"
#include "pmix-dist/verdict.h"
#include "pmix-dist/watchdog.h"

enum { MPI_CHUNK = 1024 * 1024, IN_FLIGHT = 4 };

static const double beyond = 20, leaving = 10;

/* A chunk, and whether rank 0 could read it. */
struct part {
	int32_t failed;
	char bytes[MPI_CHUNK];
};

struct mpi {
	const struct options *o;
	struct stage_result *result;
	struct input in; /* rank 0 */
	struct local local;
	int size;
	MPI_Comm needy; /* rank 0 and those that need data */
	struct part *part[IN_FLIGHT];
};

/* The header goes to all, or the reason why there is none. */
static int share_header(struct mpi *m)
{
	struct {
		int32_t failed;
		uint8_t header[DLFM_CACHE_HEADER_SIZE];
		struct dlfm_error error;
	} all = {0};

	if (m->local.report.rank == 0) {
		all.failed = input_open(&m->in, m->o->tree.cache, m->o->tree.stale, &all.error) < 0;
		memcpy(all.header, m->in.header, sizeof(all.header));
		m->result->stale = m->in.report;
	}
	MPI_Bcast(&all, sizeof(all), MPI_BYTE, 0, MPI_COMM_WORLD);
	if (all.failed) {
		m->result->error = all.error;
		m->result->known = m->local.report.rank != 0;
		return -1;
	}
	return dlfm_cache_brief(&m->result->brief, all.header, sizeof(all.header),
				&m->result->error);
}

static size_t part_size(const struct mpi *m, uint64_t i)
{
	uint64_t left = m->result->brief.file_size - i * MPI_CHUNK;

	return left < MPI_CHUNK ? left : MPI_CHUNK;
}

static void start_part(struct mpi *m, uint64_t i, MPI_Request *request)
{
	struct part *p = m->part[i % IN_FLIGHT];

	if (m->local.report.rank == 0)
		p->failed = input_read(&m->in, p->bytes, part_size(m, i), i * MPI_CHUNK,
				       &m->result->error) < 0;
	MPI_Ibcast(p, (int)(offsetof(struct part, bytes) + part_size(m, i)), MPI_BYTE, 0, m->needy,
		   request);
}

/* All parts, in order; ends early for all if rank 0 cannot read. */
static int stream(struct mpi *m)
{
	uint64_t n = (m->result->brief.file_size + MPI_CHUNK - 1) / MPI_CHUNK, begun = 0, i;
	MPI_Request request[IN_FLIGHT];
	int rc = 0;

	for (i = 0; i < n && (rc == 0 || i < begun); i++) {
		const struct part *p = m->part[i % IN_FLIGHT];

		for (; begun < n && begun < i + IN_FLIGHT && rc == 0; begun++)
			start_part(m, begun, &request[begun % IN_FLIGHT]);
		MPI_Wait(&request[i % IN_FLIGHT], MPI_STATUS_IGNORE);
		if (p->failed)
			rc = -1;
		else
			local_feed(&m->local, p->bytes, part_size(m, i));
	}
	return rc;
}

static int distribute(struct mpi *m)
{
	int i, others = 0, needs, rc = 0;

	local_open(&m->local, &m->result->brief, &m->o->tree.stage);
	needs = m->local.stager != NULL;
	MPI_Comm_split(MPI_COMM_WORLD, needs || m->local.report.rank == 0 ? 0 : MPI_UNDEFINED,
		       (int)m->local.report.rank, &m->needy);
	MPI_Allreduce(&needs, &others, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
	if (m->needy == MPI_COMM_NULL || others == 0)
		return 0;
	for (i = 0; i < IN_FLIGHT; i++)
		m->part[i] = malloc(sizeof(struct part));
	if (!m->part[0] || !m->part[1] || !m->part[2] || !m->part[3])
		MPI_Abort(MPI_COMM_WORLD, DLFM_EXIT_OWN);
	rc = stream(m);
	for (i = 0; i < IN_FLIGHT; i++)
		free(m->part[i]);
	MPI_Comm_free(&m->needy);
	return rc;
}

static void gather(struct mpi *m)
{
	struct report *all =
		m->local.report.rank == 0 ? calloc((size_t)m->size, sizeof(*all)) : NULL;
	int i;

	MPI_Gather(&m->local.report, sizeof(m->local.report), MPI_BYTE, all,
		   sizeof(m->local.report), MPI_BYTE, 0, MPI_COMM_WORLD);
	for (i = 0; all && i < m->size; i++)
		reports_put(&m->result->reports, &all[i]);
	free(all);
}

static void run(struct mpi *m)
{
	double start = clock_now();
	int failed = 1;

	if (share_header(m) < 0)
		return;
	/* A part that cannot be read stops rank 0 and those that get it; the others learn it here. */
	failed = distribute(m) < 0;
	MPI_Bcast(&failed, 1, MPI_INT, 0, MPI_COMM_WORLD);
	if (failed)
		local_abort(&m->local);
	else
		local_finish(&m->local);
	gather(m);
	m->result->known = !failed || m->local.report.rank != 0;
	m->result->seconds = clock_now() - start;
}

int main(int argc, char **argv)
{
	struct stage_result result = {0};
	struct options o;
	struct mpi m = {.o = &o, .result = &result, .needy = MPI_COMM_NULL, .in.fd = -1};
	int rank, status;

	if (options_parse(&o, argc, argv, &result.error) != 0)
		return DLFM_EXIT_OWN; /* dlfm-stage has checked them */
	watchdog(o.tree.timeout + beyond, DLFM_EXIT_OWN,
		 "dlfm: not staged: the time limit has passed in a call of MPI\n");
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &m.size);
	debug_start((uint32_t)rank);
	m.local.report.rank = (uint32_t)rank;
	wireup_own_node(m.local.report.node, sizeof(m.local.report.node));
	if (reports_init(&result.reports, (uint32_t)m.size) < 0)
		MPI_Abort(MPI_COMM_WORLD, DLFM_EXIT_OWN);
	run(&m);
	status = verdict_say(&result, &o, m.local.report.rank);
	watchdog(leaving, status, NULL);
	input_close(&m.in);
	reports_free(&result.reports);
	MPI_Finalize();
	free(o.dirs_text);
	return status;
}
