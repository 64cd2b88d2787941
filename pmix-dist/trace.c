/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of --trace. */
#include "pmix-dist/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "pmix-dist/clock.h"

static FILE *file;

int trace_open(const char *path, uint32_t rank, struct dlfm_error *e)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s.%" PRIu32, path, rank);
	file = fopen(name, "we");
	return file ? 0 : dlfm_errf(e, "cannot write the trace %s: %s", name, strerror(errno));
}

void trace_close(void)
{
	if (file)
		fflush(file); /* it stays open: a thread that hangs may come back */
}

double trace_now(void)
{
	return file ? clock_now() : 0;
}

void trace_done(const char *what, double begin, uint64_t bytes)
{
	if (file)
		fprintf(file, "%s %.6f %.6f %" PRIu64 "\n", what, begin, clock_now(), bytes);
}
