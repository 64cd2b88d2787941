/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens, step by step, on standard error: with DLFM_DEBUG set. */
#ifndef DLFM_PMIX_DEBUG_H
#define DLFM_PMIX_DEBUG_H

#include <stdint.h>

/* Reads DLFM_DEBUG; `rank` and the time since this call go before each line. */
void debug_start(uint32_t rank);
void debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
