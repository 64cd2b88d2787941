/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparing a recorded listing with the directory. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/scan.h"
#include "cache-tools/stale-private.h"

static int by_name(const void *a, const void *b)
{
	const struct dlfm_cache_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct dlfm_cache_name *sorted(const struct dlfm_cache_entry *entry)
{
	struct dlfm_cache_name *names = calloc((size_t)entry->n_names + 1, sizeof(*names));

	if (!names)
		return NULL;
	if (entry->n_names)
		memcpy(names, entry->names, entry->n_names * sizeof(*names));
	qsort(names, entry->n_names, sizeof(*names), by_name);
	return names;
}

static void note(char text[NAME_MAX + 1], unsigned long *n, const struct dlfm_cache_name *name)
{
	if (++*n == 1)
		snprintf(text, NAME_MAX + 1, "%s", name->name);
}

static void compare(struct stale_names *d, const struct dlfm_cache_entry *then,
		    const struct dlfm_cache_entry *now, const struct dlfm_cache_name *a,
		    const struct dlfm_cache_name *b)
{
	uint32_t i = 0, k = 0;
	int order;

	while (i < then->n_names || k < now->n_names) {
		order = i == then->n_names  ? 1
			: k == now->n_names ? -1
					    : strcmp(a[i].name, b[k].name);
		if (order < 0)
			note(d->first_gone, &d->gone, &a[i]);
		else if (order > 0)
			note(d->first_new, &d->appeared, &b[k]);
		else if (a[i].type != b[k].type)
			d->other++;
		i += order <= 0;
		k += order >= 0;
	}
}

int stale_compare_names(struct stale_names *d, const struct dlfm_cache_entry *then, int dir,
			const char *name)
{
	struct dlfm_cache *memory = dlfm_cache_new();
	struct dlfm_cache_entry now = {.n_names = 0};
	struct dlfm_cache_name *a = sorted(then), *b = NULL;
	int rc = -1;

	memset(d, 0, sizeof(*d));
	if (memory && a && dlfm_scan_list_at(memory, &now, dir, name) == 0)
		b = sorted(&now);
	if (b) {
		compare(d, then, &now, a, b);
		rc = d->gone || d->appeared || d->other;
	}
	free(a);
	free(b);
	dlfm_cache_free(memory);
	return rc;
}
