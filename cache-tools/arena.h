/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is allocated piece by piece and freed at once; arrays that grow; sets of indices
 * found by a hash. */
#ifndef DLFM_ARENA_H
#define DLFM_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct dlfm_arena;

struct dlfm_arena *dlfm_arena_new(void); /* NULL: no memory */
void dlfm_arena_free(struct dlfm_arena *a);
/* Zeroed, aligned to 8; NULL: no memory. */
void *dlfm_arena_alloc(struct dlfm_arena *a, size_t size);
/* A copy with a NUL behind it; NULL: no memory. */
char *dlfm_arena_text(struct dlfm_arena *a, const char *text, size_t len);

/*
 * Makes room for one more element of `size` bytes in *array, which has n elements of room for *max
 * (32-bit counts, below DLFM_NONE). 0, or -1: no memory, *array as it was.
 */
int dlfm_grow(void *array, uint32_t n, uint32_t *max, size_t size);

/*
 * A hash set of indices into somebody's array. The owner compares: `same(arg, index)` says whether
 * the element at `index` is the one that is looked for.
 */
struct dlfm_index_set {
	uint32_t *slots, *hashes;
	uint32_t n, mask; /* mask + 1 slots; no slots yet: slots is NULL */
};
uint32_t dlfm_index_find(const struct dlfm_index_set *s, uint64_t hash,
			 int (*same)(const void *arg, uint32_t index), const void *arg);
/* Adds an index that is not there; 0, or -1: no memory. */
int dlfm_index_add(struct dlfm_index_set *s, uint64_t hash, uint32_t index);
void dlfm_index_clear(struct dlfm_index_set *s); /* frees; the set is empty and usable */

#endif
