/* SPDX-License-Identifier: BSD-3-Clause */
/* The last resort against a library call that never returns (PMIx_Init, MPI_Finalize): the process
 * ends. */
#ifndef DLFM_PMIX_WATCHDOG_H
#define DLFM_PMIX_WATCHDOG_H

/*
 * After `seconds` (rounded up, at least 1) from now the process prints `text`, if it is not NULL,
 * and _exits with `status`. A new call replaces the last one. Uses SIGALRM. The text must be
 * static.
 */
void watchdog(double seconds, int status, const char *text);

#endif
