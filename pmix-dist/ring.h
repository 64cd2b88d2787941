/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of the stream that a node holds: chunks [tail, head) of the cache, at most RING_SLOTS of
 * them. This is all the memory that data in flight takes, whatever the size of the cache.
 */
#ifndef DLFM_PMIX_RING_H
#define DLFM_PMIX_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmix-dist/frame.h"

enum { RING_SLOTS = 32 }; /* 8 MiB */

struct ring {
	uint8_t *memory;
	uint64_t tail, head;
	uint64_t size;	/* of the cache, bytes; 0: not known yet */
	uint64_t total; /* chunks of the cache */
};

/* -1: no memory. */
int ring_init(struct ring *r);
void ring_free(struct ring *r);
void ring_set_size(struct ring *r, uint64_t size);

static inline uint8_t *ring_chunk(const struct ring *r, uint64_t number)
{
	return r->memory + number % RING_SLOTS * CHUNK_SIZE;
}

static inline size_t ring_chunk_size(const struct ring *r, uint64_t number)
{
	return number + 1 < r->total ? CHUNK_SIZE : r->size - number * CHUNK_SIZE;
}

/* Chunks that may be added at the head now. */
static inline uint64_t ring_room(const struct ring *r)
{
	uint64_t space = RING_SLOTS - (r->head - r->tail), left = r->total - r->head;

	return space < left ? space : left;
}

#endif
