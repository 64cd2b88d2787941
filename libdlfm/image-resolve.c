/* SPDX-License-Identifier: BSD-3-Clause */
/* The image's reader, resolutions: what a whole search of ld.so came to. */
#include "libdlfm/hash.h"
#include "libdlfm/image-internal.h"

static const void *area(const struct dlfm_image *im, const struct dlfm_image_area *a)
{
	return im->base + a->offset;
}

uint32_t dlfm_image_table(const struct dlfm_image *im, uint64_t fingerprint)
{
	const struct dlfm_image_area *a = &im->header->tables;
	const struct dlfm_image_table *tables = area(im, a);

	if (!fingerprint || im->elsewhere) /* another ld.so, with other directories of its own */
		return DLFM_NONE;
	for (uint64_t i = 0; i < a->count && i < DLFM_NONE; i++)
		if (tables[i].fingerprint == fingerprint)
			return (uint32_t)i;
	return DLFM_NONE;
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static int is_text(const struct dlfm_image *im, struct dlfm_image_string s, const char *text,
		   size_t len)
{
	return s.len == len && dlfm_bytes_equal(dlfm_image_string(im, s), text, len);
}

const struct dlfm_image_resolution *dlfm_image_resolve(const struct dlfm_image *im, uint32_t table,
						       const char *requester, const char *name)
{
	const struct dlfm_image_header *h = im->header;
	const struct dlfm_image_resolution *all = area(im, &h->resolutions), *r;
	const uint32_t *slots = area(im, &h->res_slots);
	const size_t requester_len = length(requester), name_len = length(name);
	const uint64_t mask = h->res_slots.count - 1;
	const uint64_t hash = dlfm_resolution_hash(table, dlfm_hash(requester, requester_len),
						   dlfm_hash(name, name_len));

	if (table == DLFM_NONE || dlfm_counted(&im->dirty->lib_marks))
		return NULL;
	for (uint64_t n = 0, at = hash; n <= mask; n++, at++) {
		const uint32_t i = slots[at & mask];

		if (i >= h->resolutions.count)
			break;
		r = &all[i];
		if (r->hash == hash && r->table == table && is_text(im, r->name, name, name_len) &&
		    is_text(im, r->requester, requester, requester_len))
			return r;
	}
	return NULL;
}

const char *dlfm_image_guard(const struct dlfm_image *im, const struct dlfm_image_resolution *res,
			     uint32_t i)
{
	const struct dlfm_image_area *a = &im->header->guards;
	const struct dlfm_image_string *guards = area(im, a);

	if (i >= res->n_guards || res->first_guard >= a->count || i >= a->count - res->first_guard)
		return NULL;
	return dlfm_image_string(im, guards[res->first_guard + i]);
}
