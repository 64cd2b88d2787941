/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fm-speed PATH...: nanoseconds that stat(2) of each path takes, one a line: the best of several runs. Run it with
 * libdlfm.so and an image for the cost of an answer from memory, and without for that of the system call.
 */
#include "config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { RUNS = 30, CALLS = 2000 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double nanoseconds(const char *path)
{
	double best = 1e9, start, each;
	struct stat st;
	int run, i;

	for (run = 0; run < RUNS; run++) {
		start = now();
		for (i = 0; i < CALLS; i++)
			stat(path, &st);
		each = (now() - start) / CALLS;
		if (each < best)
			best = each;
	}
	return best;
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		printf("%.0f %s\n", nanoseconds(argv[i]), argv[i]);
	return 0;
}
