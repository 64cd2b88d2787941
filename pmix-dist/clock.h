/* SPDX-License-Identifier: BSD-3-Clause */
/* Seconds on the clock that nobody sets. All time limits of the helper are counted on it. */
#ifndef DLFM_PMIX_CLOCK_H
#define DLFM_PMIX_CLOCK_H

#include <time.h>

static inline double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
