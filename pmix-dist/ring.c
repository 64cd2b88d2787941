/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring's memory. */
#include <sys/mman.h>

#include "pmix-dist/ring.h"

int ring_init(struct ring *r)
{
	void *p = mmap(NULL, RING_SLOTS * CHUNK_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*r = (struct ring){0};
	if (p == MAP_FAILED)
		return -1;
	r->memory = p;
	return 0;
}

void ring_free(struct ring *r)
{
	if (r->memory)
		munmap(r->memory, RING_SLOTS * CHUNK_SIZE);
	r->memory = NULL;
}

void ring_set_size(struct ring *r, uint64_t size)
{
	r->size = size;
	r->total = (size + CHUNK_SIZE - 1) / CHUNK_SIZE;
}
