/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects that ld.so opened without asking: see bypass.h. */
#include "libdlfm/audit/bypass.h"

#include <string.h>

#define MAX_BYPASSES 64 /* further ones may be mapped twice */

static struct {
	const struct link_map
		*head; /* first object of the namespace, which stays as long as the namespace */
	uint32_t entry;
} bypasses[MAX_BYPASSES];
static unsigned n_bypasses;

static const struct link_map *head_of(const struct link_map *map)
{
	while (map->l_prev)
		map = map->l_prev;
	return map;
}

void audit_bypass_note(const struct link_map *map, uint32_t entry)
{
	if (n_bypasses == MAX_BYPASSES)
		return;
	bypasses[n_bypasses].head = head_of(map);
	bypasses[n_bypasses].entry = entry;
	n_bypasses++;
}

/* Does the namespace have an object that is this entry? */
static int namespace_has(const struct dlfm_image *im, const struct link_map *head, uint32_t entry)
{
	for (; head; head = head->l_next) {
		const struct dlfm_found found =
			dlfm_image_lookup(im, head->l_name, strlen(head->l_name), 1);

		if (found.answer == DLFM_PRESENT && found.entry == entry)
			return 1;
	}
	return 0;
}

int audit_bypass_holds(const struct dlfm_image *im, const struct link_map *by, uint32_t entry)
{
	int elsewhere = 0;

	for (unsigned i = 0; i < n_bypasses; i++) {
		if (bypasses[i].entry != entry)
			continue;
		if (bypasses[i].head == head_of(by))
			return 1;
		elsewhere = 1;
	}
	return elsewhere && !namespace_has(im, head_of(by), entry);
}
