/* SPDX-License-Identifier: BSD-3-Clause */
/* From a harness's input to a node image that is attached. */
#include <stdlib.h>
#include <string.h>

#include "libdlfm/hash.h"
#include "tests/fuzz/image-input.h"

static int fits(const struct dlfm_image_area *a, size_t element, size_t size)
{
	return a->offset <= size && a->offset % 8 == 0 && a->count <= (size - a->offset) / element;
}

static const char *text_at(const struct image_input *in, struct dlfm_image_string s)
{
	const struct dlfm_image_header *h = in->index;
	const uint64_t at = h->strings.offset + s.offset;

	return h->strings.offset <= in->size && at + s.len < in->size ? (char *)in->index + at
								      : NULL;
}

static void put(uint32_t *slots, uint64_t n, uint64_t hash, uint32_t i)
{
	uint64_t k;

	for (k = 0; k < n && slots[(hash + k) & (n - 1)] != DLFM_NONE; k++)
		;
	if (k < n)
		slots[(hash + k) & (n - 1)] = i;
}

/* An area of slots, emptied; NULL if it is none. */
static uint32_t *slots_of(const struct image_input *in, const struct dlfm_image_area *a)
{
	uint32_t *slots = (uint32_t *)((char *)in->index + (a->offset <= in->size ? a->offset : 0));

	if (!fits(a, sizeof(*slots), in->size) || a->count == 0 || (a->count & (a->count - 1)) ||
	    a->offset < sizeof(struct dlfm_image_header))
		return NULL;
	memset(slots, 0xff, a->count * sizeof(*slots));
	return slots;
}

static void slot_entries(const struct image_input *in, const struct dlfm_image_header *h)
{
	const struct dlfm_image_entry *e = (const void *)((char *)in->index + h->entries.offset);
	uint32_t *slots = slots_of(in, &h->path_slots), i;
	const char *text;

	for (i = 0; slots && i < h->entries.count; i++)
		if ((text = text_at(in, e[i].path)))
			put(slots, h->path_slots.count, dlfm_hash(text, e[i].path.len), i);
}

static void slot_names(const struct image_input *in, const struct dlfm_image_header *h)
{
	const struct dlfm_image_entry *e = (const void *)((char *)in->index + h->entries.offset);
	const struct dlfm_image_name *names = (const void *)((char *)in->index + h->names.offset);
	uint32_t *slots = slots_of(in, &h->name_slots), i, k;

	for (i = 0; slots && i < h->entries.count; i++)
		for (k = 0; k < e[i].n_names && (uint64_t)e[i].first_name + k < h->names.count; k++)
			put(slots, h->name_slots.count,
			    dlfm_name_hash(i, names[e[i].first_name + k].hash),
			    e[i].first_name + k);
}

static void slot_resolutions(const struct image_input *in, const struct dlfm_image_header *h)
{
	struct dlfm_image_resolution *r = (void *)((char *)in->index + h->resolutions.offset);
	uint32_t *slots = slots_of(in, &h->res_slots), i;
	const char *requester, *name;

	for (i = 0; slots && i < h->resolutions.count; i++) {
		requester = text_at(in, r[i].requester);
		name = text_at(in, r[i].name);
		if (!requester || !name)
			continue;
		r[i].hash =
			dlfm_resolution_hash(r[i].table, dlfm_hash(requester, r[i].requester.len),
					     dlfm_hash(name, r[i].name.len));
		put(slots, h->res_slots.count, r[i].hash, i);
	}
}

static void repair(struct image_input *in)
{
	struct dlfm_image_header *h = in->index, fixed;

	memcpy(&fixed, h, sizeof(fixed));
	memcpy(h->magic, DLFM_IMAGE_MAGIC, sizeof(h->magic));
	h->byte_order = DLFM_IMAGE_BYTE_ORDER;
	h->version = DLFM_IMAGE_VERSION;
	h->size = in->size;
	if (h->strings.offset < in->size && h->strings.count > in->size - h->strings.offset)
		h->strings.count = in->size - h->strings.offset;
	if (h->strings.offset < in->size && h->strings.offset >= sizeof(*h) && h->strings.count > 0)
		((char *)in->index)[h->strings.offset + h->strings.count - 1] = 0;
	if (!fits(&h->entries, sizeof(struct dlfm_image_entry), in->size) ||
	    !fits(&h->names, sizeof(struct dlfm_image_name), in->size) ||
	    !fits(&h->resolutions, sizeof(struct dlfm_image_resolution), in->size))
		return;
	memcpy(&fixed, h, sizeof(fixed));
	slot_entries(in, &fixed);
	slot_names(in, &fixed);
	slot_resolutions(in, &fixed);
}

int image_input_take(struct image_input *in, struct dlfm_image *im, const uint8_t *data,
		     size_t size)
{
	struct dlfm_dirty_header *dirty;
	struct dlfm_image_header h;

	memset(in, 0, sizeof(*in));
	memset(im, 0, sizeof(*im));
	if (size < sizeof(h))
		return -1;
	in->index = fuzz_copy(data, size);
	in->size = size;
	if (size % 8)
		repair(in);
	memcpy(&h, in->index, sizeof(h));
	in->dirty_size = sizeof(*dirty) + (h.entries.count < size ? h.entries.count : 0);
	in->dirty = dirty = calloc(1, in->dirty_size);
	memcpy(dirty->magic, DLFM_DIRTY_MAGIC, sizeof(dirty->magic));
	dirty->n_entries = h.entries.count;
	if (dlfm_image_attach(im, in->index, in->size, in->dirty, in->dirty_size) == 0)
		return 0;
	fuzz_check(im->header == NULL, "what is refused is not attached");
	image_input_free(in);
	return -1;
}

void image_input_free(struct image_input *in)
{
	free(in->index);
	free(in->dirty);
	memset(in, 0, sizeof(*in));
}

const char *image_input_text(const struct dlfm_image *im, uint32_t i, char buf[8192])
{
	const struct dlfm_image_header *h = im->header;
	const struct dlfm_image_entry *e;
	const struct dlfm_image_name *name;
	const char *path;

	if (h->entries.count == 0)
		return "/";
	e = dlfm_image_entry(im, i / 3 % (uint32_t)h->entries.count);
	path = dlfm_image_string(im, e->path);
	name = dlfm_image_name(im, e, i / 7);
	strncpy(buf, path, 4096);
	buf[4096] = '\0';
	if (i % 3 == 1)
		strcat(buf, "/../");
	if (i % 3 == 2)
		strcat(buf, "/");
	if (i % 3 && name)
		strncat(buf, dlfm_image_string(im, name->name), 2000);
	else if (i % 3)
		strcat(buf, "none");
	return buf;
}
