/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is freed at once, arrays that grow, hash sets of indices. */
#include "config.h"

#include "cache-tools/arena.h"

#include <stdlib.h>
#include <string.h>

#include "libdlfm/image.h"

#define CHUNK ((size_t)256 * 1024)

struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(8) char bytes[];
};

struct dlfm_arena {
	struct chunk *chunks; /* the first one is filled */
};

struct dlfm_arena *dlfm_arena_new(void)
{
	return calloc(1, sizeof(struct dlfm_arena));
}

void dlfm_arena_free(struct dlfm_arena *a)
{
	if (!a)
		return;
	while (a->chunks) {
		struct chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
	free(a);
}

static struct chunk *new_chunk(struct dlfm_arena *a, size_t size)
{
	struct chunk *c;

	if (size > SIZE_MAX - sizeof(*c))
		return NULL;
	c = calloc(1, sizeof(*c) + size);
	if (!c)
		return NULL;
	c->size = size;
	if (a->chunks && size > CHUNK) { /* a large one does not end the one that is being filled */
		c->next = a->chunks->next;
		a->chunks->next = c;
	} else {
		c->next = a->chunks;
		a->chunks = c;
	}
	return c;
}

void *dlfm_arena_alloc(struct dlfm_arena *a, size_t size)
{
	struct chunk *c = a->chunks;
	void *p;

	if (size > SIZE_MAX - 7)
		return NULL;
	size = (size + 7) & ~(size_t)7;
	if (!c || c->size - c->used < size)
		c = new_chunk(a, size > CHUNK ? size : CHUNK);
	if (!c)
		return NULL;
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

char *dlfm_arena_text(struct dlfm_arena *a, const char *text, size_t len)
{
	char *p = len < SIZE_MAX ? dlfm_arena_alloc(a, len + 1) : NULL;

	if (p)
		memcpy(p, text, len);
	return p;
}

int dlfm_grow(void *array, uint32_t n, uint32_t *max, size_t size)
{
	uint32_t more;
	void *old, *p;

	if (n < *max)
		return 0;
	if (*max > DLFM_NONE / 2)
		return -1;
	more = *max ? *max * 2 : 64;
	memcpy(&old, array, sizeof(old));
	p = reallocarray(old, more, size);
	if (!p)
		return -1;
	memcpy(array, &p, sizeof(p));
	/* analyzer: the array is the caller's */
	*max = more;
	return 0;
}

uint32_t dlfm_index_find(const struct dlfm_index_set *s, uint64_t hash,
			 int (*same)(const void *arg, uint32_t index), const void *arg)
{
	uint32_t i;

	if (!s->slots)
		return DLFM_NONE;
	for (i = (uint32_t)hash & s->mask; s->slots[i] != DLFM_NONE; i = (i + 1) & s->mask)
		if (s->hashes[i] == (uint32_t)hash && same(arg, s->slots[i]))
			return s->slots[i];
	return DLFM_NONE;
}

static void put(struct dlfm_index_set *s, uint32_t hash, uint32_t index)
{
	uint32_t i = hash & s->mask;

	while (s->slots[i] != DLFM_NONE)
		i = (i + 1) & s->mask;
	/* analyzer: if the set was cleared before, enlarge() has filled it again */
	s->slots[i] = index;
	s->hashes[i] = hash;
}

static int enlarge(struct dlfm_index_set *s)
{
	struct dlfm_index_set new = {.n = s->n, .mask = s->slots ? s->mask * 2 + 1 : 127};
	uint32_t i;

	if (new.mask == DLFM_NONE)
		return -1;
	new.slots = malloc(((size_t) new.mask + 1) * sizeof(*new.slots));
	new.hashes = malloc(((size_t) new.mask + 1) * sizeof(*new.hashes));
	if (!new.slots || !new.hashes) {
		dlfm_index_clear(&new);
		return -1;
	}
	memset(new.slots, 0xff, ((size_t) new.mask + 1) * sizeof(*new.slots));
	for (i = 0; s->slots && i <= s->mask; i++)
		if (s->slots[i] != DLFM_NONE)
			put(&new, s->hashes[i], s->slots[i]);
	dlfm_index_clear(s);
	*s = new;
	return 0;
}

int dlfm_index_add(struct dlfm_index_set *s, uint64_t hash, uint32_t index)
{
	if ((!s->slots || s->n >= s->mask / 2) && enlarge(s) < 0)
		return -1;
	put(s, (uint32_t)hash, index);
	s->n++;
	return 0;
}

void dlfm_index_clear(struct dlfm_index_set *s)
{
	free(s->slots);
	free(s->hashes);
	*s = (struct dlfm_index_set){.slots = NULL};
}
