/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small cache for unit tests: /sw, /sw/link -> lib, /sw/lib with a listing, the small files and an absent name; one
 * table, one resolution with two guards.
 */
#ifndef CACHE_FIXTURE_H
#define CACHE_FIXTURE_H

#include <stddef.h>

#include "cache-tools/model.h"

enum { N_FILES = 4 };
extern const char *const small_files[N_FILES];
extern const size_t small_sizes[N_FILES];
extern char small_dir[], small_name[64]; /* a directory of its own; a cache in it */

char *file_bytes(size_t i);	      /* of the i-th file; to be freed */
struct dlfm_cache *small_cache(void); /* all but the files */
void write_small(const char *name, unsigned threads);

/* For cmocka_run_group_tests(): makes and removes the directory. */
int set_up_small(void **state);
int tear_down_small(void **state);

#endif
