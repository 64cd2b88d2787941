/* SPDX-License-Identifier: BSD-3-Clause */
/* From the metadata's bytes to a cache in memory; nothing is followed before it was checked. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-read.h"
#include "cache-tools/model-private.h"

enum { MAX_NAME = 255, MAX_TEXT = 1 << 20, MAX_TABLES = 4096 };

struct decoder {
	struct dlfm_cache *c;
	const unsigned char *base; /* of the metadata, in the cache's memory */
	uint64_t size;
	struct dlfm_disk_metadata head;
	const char *strings;
	uint64_t n_strings;
	struct dlfm_error *e;
};

/* The text, in place, or NULL if it does not lie inside, is not terminated or too long. */
static const char *get_string(const struct decoder *d, struct dlfm_disk_string s, uint32_t max,
			      uint32_t *len)
{
	uint64_t offset = dlfm_get32(s.offset);

	*len = dlfm_get32(s.len);
	if (*len > max || offset + *len >= d->n_strings || d->strings[offset + *len] != 0 ||
	    memchr(d->strings + offset, 0, *len))
		return NULL;
	return d->strings + offset;
}

/* Checks that an area begins at *at and fits; moves *at behind it. */
static const void *get_area(struct decoder *d, const struct dlfm_disk_area *area, size_t element,
			    uint64_t *at, uint32_t *n)
{
	uint64_t offset = dlfm_get64(area->offset), count = dlfm_get64(area->count);

	*at = (*at + 7) & ~(uint64_t)7;
	if (offset != *at || offset > d->size || count > (d->size - offset) / element ||
	    count >= DLFM_NONE)
		return NULL;
	*at += count * element;
	*n = (uint32_t)count;
	return d->base + offset;
}

struct areas {
	const struct dlfm_disk_entry *entries;
	const struct dlfm_disk_name *names;
	const struct dlfm_disk_content *contents;
	const dlfm_le32 *frames;
	const struct dlfm_disk_table *tables;
	const struct dlfm_disk_resolution *resolutions;
	const struct dlfm_disk_string *guards;
	uint32_t n_names, n_guards;
};

static int get_areas(struct decoder *d, struct areas *a)
{
	const struct dlfm_disk_metadata *h = &d->head;
	struct dlfm_cache *c = d->c;
	uint64_t at = sizeof(*h);
	uint32_t n_strings;

#define GET(field, count) get_area(d, &h->field, sizeof(*a->field), &at, &(count))
	if (!(a->entries = GET(entries, c->n_entries)) || !(a->names = GET(names, a->n_names)) ||
	    !(a->contents = GET(contents, c->n_contents)) ||
	    !(a->frames = GET(frames, c->n_frames)) || !(a->tables = GET(tables, c->n_tables)) ||
	    !(a->resolutions = GET(resolutions, c->n_resolutions)) ||
	    !(a->guards = GET(guards, a->n_guards)) ||
	    !(d->strings = get_area(d, &h->strings, 1, &at, &n_strings)) || at != d->size)
		return dlfm_damaged(d->e, "the areas of its metadata do not fit");
#undef GET
	d->n_strings = n_strings;
	if (c->n_entries != c->header.n_entries || c->n_contents != c->header.n_contents ||
	    c->n_tables > MAX_TABLES)
		return dlfm_damaged(d->e, "its header counts other entries than its metadata");
	c->max_entries = c->n_entries;
	c->max_contents = c->n_contents;
	c->max_frames = c->n_frames;
	c->max_tables = c->n_tables;
	c->max_resolutions = c->n_resolutions;
	c->entries = calloc((size_t)c->n_entries + 1, sizeof(*c->entries));
	c->contents = calloc((size_t)c->n_contents + 1, sizeof(*c->contents));
	c->frames = calloc((size_t)c->n_frames + 1, sizeof(*c->frames));
	c->tables = calloc((size_t)c->n_tables + 1, sizeof(*c->tables));
	c->resolutions = calloc((size_t)c->n_resolutions + 1, sizeof(*c->resolutions));
	/* analyzer: the caller frees the cache with all that it has */
	if (!c->entries || !c->contents || !c->frames || !c->tables || !c->resolutions)
		return dlfm_errf(d->e, "no memory for %u entries", c->n_entries);
	return 0;
}

static struct dlfm_image_time get_time(const struct dlfm_disk_time *t)
{
	return (struct dlfm_image_time){
		.sec = (int64_t)dlfm_get64(t->sec),
		.nsec = dlfm_get32(t->nsec),
	};
}

static void get_stat(struct dlfm_image_stat *st, const struct dlfm_disk_stat *d)
{
	*st = (struct dlfm_image_stat){
		.dev = dlfm_get64(d->dev),
		.ino = dlfm_get64(d->ino),
		.rdev = dlfm_get64(d->rdev),
		.size = dlfm_get64(d->size),
		.blocks = dlfm_get64(d->blocks),
		.mode = dlfm_get32(d->mode),
		.nlink = dlfm_get32(d->nlink),
		.uid = dlfm_get32(d->uid),
		.gid = dlfm_get32(d->gid),
		.blksize = dlfm_get32(d->blksize),
		.access = dlfm_get32(d->access) & 7,
		.atime = get_time(&d->atime),
		.mtime = get_time(&d->mtime),
		.ctime = get_time(&d->ctime),
	};
}

static int get_names(struct decoder *d, const struct areas *a, struct dlfm_cache_entry *entry,
		     uint32_t first)
{
	struct dlfm_cache_name *names;
	uint32_t i;

	if (entry->n_names == 0)
		return 0;
	if (entry->n_names > a->n_names - first)
		return -1;
	names = dlfm_cache_alloc(d->c, (size_t)entry->n_names * sizeof(*names));
	if (!names)
		return -1;
	for (i = 0; i < entry->n_names; i++) {
		const struct dlfm_disk_name *n = &a->names[first + i];

		names[i].name = get_string(d, n->name, MAX_NAME, &names[i].len);
		names[i].ino = dlfm_get64(n->ino);
		names[i].type = dlfm_get32(n->type);
		if (!names[i].name || !*names[i].name || strchr(names[i].name, '/') ||
		    strcmp(names[i].name, ".") == 0 || strcmp(names[i].name, "..") == 0)
			return -1;
	}
	entry->names = names;
	return 0;
}

static int get_entry(struct decoder *d, const struct areas *a, uint32_t i, uint32_t *next_name)
{
	const struct dlfm_disk_entry *disk = &a->entries[i];
	struct dlfm_cache_entry *entry = &d->c->entries[i];
	uint32_t target_len;

	*entry = (struct dlfm_cache_entry){
		.path = get_string(d, disk->path, DLFM_CACHE_MAX_PATH, &entry->path_len),
		.path_len = dlfm_get32(disk->path.len),
		.parent = dlfm_get32(disk->parent),
		.canon = dlfm_get32(disk->canon),
		.flags = dlfm_get32(disk->flags),
		.lerr = (int32_t)dlfm_get32(disk->lerr),
		.err = (int32_t)dlfm_get32(disk->err),
		.content = dlfm_get32(disk->content),
		.n_names = dlfm_get32(disk->n_names),
	};
	get_stat(&entry->st, &disk->st);
	if (!entry->path)
		return dlfm_damaged(d->e, "the path of entry %u lies outside", i);
	if (dlfm_get32(disk->target.len)) {
		entry->target = get_string(d, disk->target, DLFM_CACHE_MAX_PATH, &target_len);
		if (!entry->target)
			return dlfm_damaged(d->e, "the link of entry %u lies outside", i);
	}
	if (dlfm_get32(disk->first_name) != *next_name || get_names(d, a, entry, *next_name) < 0)
		return dlfm_damaged(d->e, "the listing of entry %u is not valid", i);
	*next_name += entry->n_names;
	if (dlfm_cache_index_path(d->c, i) < 0)
		return dlfm_errf(d->e, "no memory");
	return 0;
}

static int get_entries(struct decoder *d, const struct areas *a)
{
	uint32_t i, next_name = 0;

	for (i = 0; i < d->c->n_entries; i++)
		if (get_entry(d, a, i, &next_name) < 0)
			return -1;
	if (next_name != a->n_names)
		return dlfm_damaged(d->e, "it has names of no listing");
	return 0;
}

size_t dlfm_cache_frame_size(const struct dlfm_cache_content *content, uint32_t i)
{
	uint64_t rest = content->size - (uint64_t)i * DLFM_CACHE_FRAME;

	return rest < DLFM_CACHE_FRAME ? (size_t)rest : DLFM_CACHE_FRAME;
}

static int get_content(struct decoder *d, const struct areas *a, uint32_t i, uint64_t *offset,
		       uint32_t *frame)
{
	struct dlfm_cache_content *content = &d->c->contents[i];
	uint64_t stored = 0, n_frames;
	uint32_t f;

	memcpy(content->digest, a->contents[i].digest, DLFM_DIGEST_SIZE);
	content->size = dlfm_get64(a->contents[i].size);
	content->offset = dlfm_get64(a->contents[i].offset);
	content->stored = dlfm_get64(a->contents[i].stored);
	if (content->size > d->c->header.contents_size)
		return dlfm_damaged(d->e, "content %u is larger than all contents", i);
	n_frames = (content->size + DLFM_CACHE_FRAME - 1) / DLFM_CACHE_FRAME;
	if (content->offset != *offset || n_frames > d->c->n_frames - *frame)
		return dlfm_damaged(d->e, "content %u lies outside", i);
	content->first_frame = *frame;
	content->n_frames = (uint32_t)n_frames;
	for (f = 0; f < n_frames; f++) {
		uint32_t size = dlfm_get32(a->frames[*frame + f]);

		if (size == 0 || size > ZSTD_compressBound(dlfm_cache_frame_size(content, f)))
			return dlfm_damaged(d->e, "frame %u of content %u has %u bytes", f, i,
					    size);
		d->c->frames[*frame + f] = size;
		stored += size;
	}
	if (content->stored != stored)
		return dlfm_damaged(d->e, "the frames of content %u do not add up", i);
	*offset += stored;
	*frame += (uint32_t)n_frames;
	return dlfm_cache_index_content(d->c, i) < 0 ? dlfm_errf(d->e, "no memory") : 0;
}

static int get_contents(struct decoder *d, const struct areas *a)
{
	uint64_t offset = 0, size = 0;
	uint32_t i, frame = 0;

	for (i = 0; i < d->c->n_contents; i++) {
		if (get_content(d, a, i, &offset, &frame) < 0)
			return -1;
		size += d->c->contents[i].size;
	}
	if (frame != d->c->n_frames || offset != d->c->header.contents_stored ||
	    size != d->c->header.contents_size)
		return dlfm_damaged(d->e, "its contents do not add up");
	return 0;
}

static int get_tables(struct decoder *d, const struct areas *a)
{
	uint32_t i, len;

	for (i = 0; i < d->c->n_tables; i++) {
		struct dlfm_cache_table *t = &d->c->tables[i];
		const struct dlfm_disk_table *disk = &a->tables[i];
		int is_set = dlfm_get32(disk->ld_library_path.offset) != DLFM_NONE;

		t->fingerprint = dlfm_get64(disk->fingerprint);
		t->hwcaps = dlfm_get64(disk->hwcaps);
		t->program = get_string(d, disk->program, DLFM_CACHE_MAX_PATH, &len);
		if (is_set)
			t->ld_library_path = get_string(d, disk->ld_library_path, MAX_TEXT, &len);
		if (!t->program || (is_set && !t->ld_library_path))
			return dlfm_damaged(d->e, "table %u lies outside", i);
	}
	return 0;
}

static int get_resolution(struct decoder *d, const struct areas *a, uint32_t i,
			  uint32_t *next_guard)
{
	const struct dlfm_disk_resolution *disk = &a->resolutions[i];
	struct dlfm_cache_resolution *r = &d->c->resolutions[i];
	uint32_t len, g, n = dlfm_get32(disk->n_guards);
	const char **guards;

	r->table = dlfm_get32(disk->table);
	r->ld_cache = dlfm_get32(disk->ld_cache);
	r->requester = get_string(d, disk->requester, DLFM_CACHE_MAX_PATH, &len);
	r->name = get_string(d, disk->name, DLFM_CACHE_MAX_PATH, &len);
	r->answer = get_string(d, disk->answer, DLFM_CACHE_MAX_PATH, &len);
	if (!r->requester || !r->name || !r->answer || n > DLFM_CACHE_MAX_GUARDS ||
	    dlfm_get32(disk->first_guard) != *next_guard || n > a->n_guards - *next_guard)
		return dlfm_damaged(d->e, "resolution %u lies outside", i);
	guards = dlfm_cache_alloc(d->c, (n + 1) * sizeof(*guards));
	if (!guards)
		return dlfm_errf(d->e, "no memory");
	for (g = 0; g < n; g++) {
		guards[g] = get_string(d, a->guards[*next_guard + g], DLFM_CACHE_MAX_PATH, &len);
		if (!guards[g])
			return dlfm_damaged(d->e, "a guard of resolution %u lies outside", i);
	}
	r->guards = guards;
	r->n_guards = n;
	*next_guard += n;
	return 0;
}

static int get_resolutions(struct decoder *d, const struct areas *a)
{
	uint32_t i, next_guard = 0;

	for (i = 0; i < d->c->n_resolutions; i++)
		if (get_resolution(d, a, i, &next_guard) < 0)
			return -1;
	if (next_guard != a->n_guards)
		return dlfm_damaged(d->e, "it has guards of no resolution");
	return 0;
}

/* 0, or -1: it does not lie inside. */
static int get_history(struct decoder *d)
{
	const uint32_t offset = dlfm_get32(d->head.history_offset);

	if (offset == 0)
		return 0;
	if (offset >= d->n_strings || !memchr(d->strings + offset, 0, d->n_strings - offset))
		return -1;
	d->c->history = d->strings + offset;
	return 0;
}

static int get_head(struct decoder *d)
{
	struct dlfm_disk_string provenance = {.offset = d->head.provenance_offset,
					      .len = d->head.provenance_len};
	struct dlfm_cache *c = d->c;
	uint32_t len;

	c->static_tls = dlfm_get64(d->head.static_tls);
	c->packer_uid = dlfm_get32(d->head.packer_uid);
	c->scope = dlfm_get32(d->head.scope);
	c->flags = dlfm_get32(d->head.flags);
	c->provenance = get_string(d, provenance, MAX_TEXT, &len);
	if (!c->provenance || get_history(d) < 0 || c->flags != c->header.flags ||
	    c->static_tls > (1u << 30))
		return dlfm_damaged(d->e, "the head of its metadata is not valid");
	return 0;
}

/* Decompresses the metadata into the cache's memory and checks its digest. */
static int unpack(struct decoder *d, const void *stored, size_t size)
{
	const struct dlfm_cache_header *h = &d->c->header;
	unsigned char id[DLFM_DIGEST_SIZE], *base;
	size_t n;

	if (ZSTD_getFrameContentSize(stored, size) != h->metadata_size)
		return dlfm_damaged(d->e, "its metadata (from byte %d) is not what its header says",
				    DLFM_CACHE_HEADER_SIZE);
	base = dlfm_cache_alloc(d->c, h->metadata_size);
	if (!base)
		return dlfm_errf(d->e, "no memory for %llu bytes of metadata",
				 (unsigned long long)h->metadata_size);
	n = ZSTD_decompress(base, h->metadata_size, stored, size);
	if (ZSTD_isError(n) || n != h->metadata_size)
		return dlfm_damaged(d->e, "its metadata (from byte %d) does not decompress",
				    DLFM_CACHE_HEADER_SIZE);
	dlfm_digest_of(base, n, id);
	if (memcmp(id, h->id, sizeof(id)) != 0)
		return dlfm_damaged(d->e, "the digest of its metadata (from byte %d) is wrong",
				    DLFM_CACHE_HEADER_SIZE);
	memcpy(&d->head, base, sizeof(d->head));
	d->base = base;
	d->size = n;
	return 0;
}

struct dlfm_cache *dlfm_cache_decode(const struct dlfm_cache_header *h, const void *stored,
				     size_t size, struct dlfm_error *e)
{
	struct decoder d = {.c = dlfm_cache_new(), .e = e};
	struct areas a;

	if (!d.c) {
		dlfm_errf(e, "no memory");
		return NULL;
	}
	d.c->header = *h;
	if (size != h->metadata_stored) {
		dlfm_damaged(e, "its metadata is cut off");
		goto fail;
	}
	if (unpack(&d, stored, size) < 0 || get_areas(&d, &a) < 0 || get_head(&d) < 0 ||
	    get_entries(&d, &a) < 0 || get_contents(&d, &a) < 0 || get_tables(&d, &a) < 0 ||
	    get_resolutions(&d, &a) < 0 || dlfm_cache_check_entries(d.c, e) < 0 ||
	    dlfm_cache_check_resolutions(d.c, e) < 0)
		goto fail;
	return d.c;
fail:
	dlfm_cache_free(d.c);
	return NULL;
}
