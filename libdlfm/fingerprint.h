/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The search environment of a process, as far as it decides where ld.so finds a name.
 *
 * ld.so's search depends on the program (its DT_RPATH reaches everything that it loads, and $ORIGIN),
 * on LD_LIBRARY_PATH (ld.so(8)) and on the glibc-hwcaps directories that the CPU allows. A process
 * whose fingerprint is not in the cache uses the path tier only. No fingerprint (0) exists where the
 * search depends on more: a relative or empty element in LD_LIBRARY_PATH (the working directory), a
 * glibc.cpu tunable, a program started by naming ld.so itself, AT_SECURE.
 */
#ifndef DLFM_FINGERPRINT_H
#define DLFM_FINGERPRINT_H

#include <stdint.h>

struct dlfm_search_env {
	const char *program;	     /* canonical path of the executable (/proc/self/exe) */
	const char *ld_library_path; /* NULL if unset */
	const char *tunables;	     /* GLIBC_TUNABLES, NULL if unset */
	uint64_t hwcaps;	     /* x86_64: level 1 to 4 of the psABI; aarch64: 0 */
};

/* Returns the fingerprint, 0 if there is none (see above). */
uint64_t dlfm_fingerprint(const struct dlfm_search_env *env);
/* The hwcaps level of this CPU. */
uint64_t dlfm_hwcaps_level(void);
/*
 * A hash of this node's ld.so.cache, never 0. What ld.so finds by it, or behind it in the default directories, another
 * node may have elsewhere: such a resolution holds only on a node in the same state.
 */
uint32_t dlfm_ld_cache_state(void);

#endif
