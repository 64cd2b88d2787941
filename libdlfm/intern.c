/* SPDX-License-Identifier: BSD-3-Clause */
/* The string area of an index while it is written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libdlfm/hash.h"
#include "libdlfm/intern.h"

struct dlfm_string_slot {
	uint32_t hash;
	struct dlfm_image_string string;
	uint32_t state; /* EMPTY, PLAIN, ROOTED */
};

enum { EMPTY, PLAIN, ROOTED };

static int add_bytes(struct dlfm_strings *s, const char *at, size_t len)
{
	char *more;
	size_t room = s->room;

	if (len > UINT32_MAX - s->len - 1) {
		errno = EOVERFLOW;
		return -1;
	}
	while (room < s->len + len + 1)
		room = room * 2;
	if (room != s->room) {
		more = realloc(s->at, room);
		if (!more)
			return -1;
		s->at = more;
		s->room = room;
	}
	if (len)
		memcpy(s->at + s->len, at, len);
	s->len += len;
	s->at[s->len] = '\0';
	return 0;
}

static int grow(struct dlfm_strings *s)
{
	size_t n = s->n_slots * 2, i, k;
	struct dlfm_string_slot *more = calloc(n, sizeof(*more));

	if (!more)
		return -1;
	for (i = 0; i < s->n_slots; i++) {
		if (s->slots[i].state == EMPTY)
			continue;
		for (k = s->slots[i].hash & (n - 1); more[k].state != EMPTY; k = (k + 1) & (n - 1))
			;
		more[k] = s->slots[i];
	}
	free(s->slots);
	s->slots = more;
	s->n_slots = n;
	return 0;
}

static int matches(const struct dlfm_strings *s, const struct dlfm_string_slot *slot, uint32_t hash,
		   const char *at, size_t len, int rooted)
{
	return slot->hash == hash && slot->string.len == len &&
	       (!rooted || slot->state == ROOTED) &&
	       (len == 0 || memcmp(s->at + slot->string.offset, at, len) == 0);
}

int dlfm_strings_start(struct dlfm_strings *s, const char *root)
{
	memset(s, 0, sizeof(*s));
	s->root = root;
	s->root_len = strlen(root);
	s->room = 4096;
	s->at = malloc(s->room);
	s->n_slots = 1024;
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	if (!s->at || !s->slots || add_bytes(s, root, s->root_len) < 0)
		return -1;
	s->len++;
	return 0;
}

int dlfm_intern(struct dlfm_strings *s, const char *at, size_t len, int rooted,
		struct dlfm_image_string *out)
{
	uint32_t hash = (uint32_t)dlfm_hash(at, len);
	struct dlfm_string_slot *slot;
	size_t i;

	if (len && memchr(at, '\0', len)) {
		errno = EINVAL;
		return -1;
	}
	if (2 * s->n_used >= s->n_slots && grow(s) < 0)
		return -1;
	for (i = hash & (s->n_slots - 1);; i = (i + 1) & (s->n_slots - 1)) {
		slot = &s->slots[i];
		if (slot->state == EMPTY)
			break;
		if (matches(s, slot, hash, at, len, rooted)) {
			*out = slot->string;
			return 0;
		}
	}
	if (rooted && add_bytes(s, s->root, s->root_len) < 0)
		return -1;
	out->offset = s->len;
	out->len = len;
	if (add_bytes(s, at, len) < 0)
		return -1;
	s->len++; /* the NUL */
	*slot = (struct dlfm_string_slot){hash, *out, rooted ? ROOTED : PLAIN};
	s->n_used++;
	return 0;
}

void dlfm_strings_free(struct dlfm_strings *s)
{
	free(s->at);
	free(s->slots);
	memset(s, 0, sizeof(*s));
}
