/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports as bytes, and the latest one of each node. */
#include <stdlib.h>
#include <string.h>

#include "pmix-dist/bytes.h"
#include "pmix-dist/report.h"

enum { FIXED_SIZE = 8 };

size_t report_pack(const struct report *r, uint8_t out[FRAME_CONTROL_MAX])
{
	size_t node = strlen(r->node), text = strlen(r->text);

	out[0] = (uint8_t)r->kind;
	out[1] = (uint8_t)node;
	put_u16(out + 2, (uint16_t)text);
	put_u32(out + 4, r->parent);
	memcpy(out + FIXED_SIZE, r->node, node);
	memcpy(out + FIXED_SIZE + node, r->text, text);
	return FIXED_SIZE + node + text;
}

/* A text from the network goes to a terminal: one line, nothing that a terminal obeys. */
static void take_text(char *to, const uint8_t *from, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		to[i] = from[i] < ' ' || from[i] == 0x7f ? ' ' : (char)from[i];
	to[size] = '\0';
}

int report_unpack(struct report *r, uint64_t rank, uint32_t n, const uint8_t *data, size_t size)
{
	size_t node, text;

	if (size < FIXED_SIZE || rank >= n)
		return -1;
	r->kind = data[0];
	node = data[1];
	text = get_u16(data + 2);
	r->rank = (uint32_t)rank;
	r->parent = get_u32(data + 4);
	if (r->kind <= REPORT_NONE || r->kind >= REPORT_KINDS || r->parent >= n ||
	    node >= ENDPOINT_NODE_MAX || text >= REPORT_TEXT_MAX ||
	    size != FIXED_SIZE + node + text)
		return -1;
	take_text(r->node, data + FIXED_SIZE, node);
	take_text(r->text, data + FIXED_SIZE + node, text);
	return 0;
}

int reports_init(struct reports *all, uint32_t n)
{
	all->n = n;
	all->of = calloc(n, sizeof(all->of[0]));
	return all->of ? 0 : -1;
}

void reports_free(struct reports *all)
{
	uint32_t i;

	for (i = 0; all->of && i < all->n; i++)
		free(all->of[i]);
	free(all->of);
	all->of = NULL;
}

struct report *reports_put(struct reports *all, const struct report *r)
{
	struct report *old = all->of[r->rank];
	char node[ENDPOINT_NODE_MAX];

	if (!old) {
		old = all->of[r->rank] = calloc(1, sizeof(*old));
		if (!old)
			return NULL;
	} else if (old->kind == REPORT_READY || old->kind == REPORT_FAILED ||
		   (r->kind == REPORT_AWAY && old->kind == REPORT_JOINED &&
		    old->parent != r->parent)) {
		return NULL;
	}
	memcpy(node, r->node[0] ? r->node : old->node, sizeof(node));
	*old = *r;
	memcpy(old->node, node, sizeof(node));
	return old;
}

void reports_drop(struct reports *all, uint32_t rank)
{
	free(all->of[rank]);
	all->of[rank] = NULL;
}
