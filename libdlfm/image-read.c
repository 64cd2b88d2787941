/* SPDX-License-Identifier: BSD-3-Clause */
/* The image's reader, bottom layer: checks the mapped index, finds entries, strings and names in
 * it. */
#include "libdlfm/image-internal.h"
#include "libdlfm/hash.h"

static int area_fits(const struct dlfm_image_area *a, uint64_t element, uint64_t size)
{
	return a->offset % 8 == 0 && a->offset >= sizeof(struct dlfm_image_header) &&
	       a->offset <= size && a->count <= (size - a->offset) / element;
}

static int slots_fit(const struct dlfm_image_area *slots, const struct dlfm_image_area *elements,
		     uint64_t size)
{
	return area_fits(slots, sizeof(uint32_t), size) && slots->count > 0 &&
	       (slots->count & (slots->count - 1)) == 0 && elements->count < DLFM_NONE;
}

static int areas_fit(const struct dlfm_image_header *h)
{
	return slots_fit(&h->path_slots, &h->entries, h->size) &&
	       slots_fit(&h->name_slots, &h->names, h->size) &&
	       slots_fit(&h->res_slots, &h->resolutions, h->size) &&
	       area_fits(&h->entries, sizeof(struct dlfm_image_entry), h->size) &&
	       area_fits(&h->names, sizeof(struct dlfm_image_name), h->size) &&
	       area_fits(&h->tables, sizeof(struct dlfm_image_table), h->size) &&
	       area_fits(&h->resolutions, sizeof(struct dlfm_image_resolution), h->size) &&
	       area_fits(&h->guards, sizeof(struct dlfm_image_string), h->size) &&
	       area_fits(&h->mounts, sizeof(struct dlfm_image_mount), h->size) &&
	       h->mounts.count <= DLFM_MOUNT_LIMIT && area_fits(&h->strings, 1, h->size) &&
	       h->strings.count > 0;
}

static int index_fits(const struct dlfm_image_header *h, size_t size)
{
	static const char magic[8] = DLFM_IMAGE_MAGIC;

	return size >= sizeof(*h) && dlfm_bytes_equal(h->magic, magic, sizeof(magic)) &&
	       h->byte_order == DLFM_IMAGE_BYTE_ORDER && h->version == DLFM_IMAGE_VERSION &&
	       h->size == size && areas_fit(h) && h->root_len < h->strings.count &&
	       ((const char *)h)[h->strings.offset + h->strings.count - 1] == 0;
}

static int dirty_fits(const struct dlfm_image_header *h, const struct dlfm_dirty_header *d,
		      size_t size)
{
	static const char magic[8] = DLFM_DIRTY_MAGIC;

	return size >= sizeof(*d) && dlfm_bytes_equal(d->magic, magic, sizeof(magic)) &&
	       d->n_entries == h->entries.count && d->n_entries <= size - sizeof(*d);
}

int dlfm_image_attach(struct dlfm_image *im, const void *index, size_t index_size, void *dirty,
		      size_t dirty_size)
{
	im->header = NULL;
	im->elsewhere = 0;
	im->shared = 0;
	if (!index_fits(index, index_size) || !dirty_fits(index, dirty, dirty_size))
		return -1;
	im->base = index;
	im->dirty = dirty;
	im->dirty_bytes = (unsigned char *)dirty + sizeof(struct dlfm_dirty_header);
	im->header = index;
	return 0;
}

const struct dlfm_image_entry *dlfm_image_entry(const struct dlfm_image *im, uint32_t index)
{
	return dlfm_is_entry(im, index) ? &dlfm_entries(im)[index] : NULL;
}

/* The bytes of a string, NULL if it does not lie in the string area with its NUL. */
static const char *string_at(const struct dlfm_image *im, struct dlfm_image_string s)
{
	const struct dlfm_image_area *a = &im->header->strings;
	const char *p = (const char *)im->base + a->offset + s.offset;

	return s.offset < a->count && s.len < a->count - s.offset && p[s.len] == 0 ? p : NULL;
}

const char *dlfm_image_string(const struct dlfm_image *im, struct dlfm_image_string s)
{
	const char *p = string_at(im, s);

	return p ? p : "";
}

const char *dlfm_image_text(const struct dlfm_image *im, struct dlfm_image_string s, size_t *len)
{
	const char *p = string_at(im, s);

	*len = p ? s.len : 0;
	return p ? p : "";
}

/* Callers go back to the slash that begins it. */
const char *dlfm_entry_path(const struct dlfm_image *im, const struct dlfm_image_entry *e)
{
	const char *p = e->path.len < DLFM_PATH_LIMIT ? string_at(im, e->path) : NULL;

	return p && p[0] == '/' ? p : NULL;
}

const char *dlfm_image_staged(const struct dlfm_image *im, uint32_t index)
{
	const struct dlfm_image_entry *e = dlfm_image_entry(im, index);
	uint32_t root = im->header->root_len;
	const char *path;

	if (!e || !(e->flags & DLFM_ENTRY_STAGED) || e->path.offset < root)
		return NULL;
	path = string_at(im, e->path);
	return path ? path - root : NULL;
}

const struct dlfm_image_name *dlfm_image_name(const struct dlfm_image *im,
					      const struct dlfm_image_entry *dir, uint32_t i)
{
	const struct dlfm_image_area *a = &im->header->names;
	const struct dlfm_image_name *names = (const void *)(im->base + a->offset);

	if (i >= dir->n_names || dir->first_name >= a->count || i >= a->count - dir->first_name)
		return NULL;
	return &names[dir->first_name + i];
}

const char *dlfm_image_original(const struct dlfm_image *im, const char *path)
{
	const char *root = (const char *)im->base + im->header->strings.offset;
	uint32_t i;

	for (i = 0; i < im->header->root_len; i++)
		if (path[i] == 0 || path[i] != root[i])
			return NULL;
	return path[i] == '/' ? path + i : NULL;
}

uint32_t dlfm_image_find(const struct dlfm_image *im, const char *path, size_t len)
{
	const struct dlfm_image_area *a = &im->header->path_slots;
	const uint32_t *slots = (const void *)(im->base + a->offset);
	uint64_t mask = a->count - 1, at = dlfm_hash(path, len), n;
	const struct dlfm_image_entry *e;
	const char *s;

	for (n = 0; n < a->count; n++, at++) {
		uint32_t i = slots[at & mask];

		if (!dlfm_is_entry(im, i))
			break;
		e = &dlfm_entries(im)[i];
		if (e->path.len == len && (s = string_at(im, e->path)) &&
		    dlfm_bytes_equal(s, path, len))
			return i;
	}
	return DLFM_NONE;
}

uint32_t dlfm_image_find_above(const struct dlfm_image *im, const char *path, size_t len,
			       size_t *prefix)
{
	uint32_t i = DLFM_NONE;

	while (len > 1 && i == DLFM_NONE) {
		while (path[len - 1] != '/')
			len--;
		if (len > 1)
			len--;
		i = dlfm_image_find(im, path, len);
	}
	*prefix = len;
	return i;
}

size_t dlfm_component(const char *path, size_t len, size_t at)
{
	size_t n = 0;

	while (at + n < len && path[at + n] != '/')
		n++;
	return n;
}

static int is_name(const struct dlfm_image *im, uint32_t i, uint32_t hash, const char *name,
		   size_t len)
{
	const struct dlfm_image_name *n = (const void *)(im->base + im->header->names.offset);
	const char *text;

	n += i;
	return n->hash == hash && n->name.len == len && (text = string_at(im, n->name)) &&
	       dlfm_bytes_equal(text, name, len);
}

int dlfm_image_listed(const struct dlfm_image *im, uint32_t dir, const char *name, size_t len)
{
	const struct dlfm_image_entry *e = &dlfm_entries(im)[dir];
	const struct dlfm_image_area *a = &im->header->name_slots;
	const uint32_t *slots = (const void *)(im->base + a->offset);
	const uint32_t hash = (uint32_t)dlfm_hash(name, len);
	uint64_t at = dlfm_name_hash(dir, hash), n;

	for (n = 0; n < a->count; n++, at++) {
		uint32_t i = slots[at & (a->count - 1)];

		if (i >= im->header->names.count)
			break;
		if (i >= e->first_name && i - e->first_name < e->n_names &&
		    is_name(im, i, hash, name, len))
			return 1;
	}
	return 0;
}
