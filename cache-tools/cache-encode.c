/* SPDX-License-Identifier: BSD-3-Clause */
/* From a settled cache in memory to the bytes of its metadata. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/model-private.h"
#include "libdlfm/hash.h"

struct encoder {
	const struct dlfm_cache *c;
	unsigned char *base;
	struct dlfm_disk_metadata *head;
	uint64_t size;
	char *strings; /* each text once */
	uint64_t n_strings, max_strings;
	struct dlfm_index_set set; /* of offsets in strings */
	struct dlfm_error *e;
	int failed;
};

struct text_key {
	const struct encoder *en;
	const char *text;
};

static int same_text(const void *arg, uint32_t index)
{
	const struct text_key *key = arg;

	return strcmp(key->en->strings + index, key->text) == 0;
}

static int append(struct encoder *en, const char *text, size_t len)
{
	uint64_t max = en->max_strings;
	char *p;

	if (en->n_strings + len + 1 >= DLFM_NONE)
		return -1;
	while (max < en->n_strings + len + 1)
		max = max ? max * 2 : 1 << 16;
	if (max != en->max_strings) {
		p = realloc(en->strings, max);
		if (!p)
			return -1;
		en->strings = p;
		en->max_strings = max;
	}
	memcpy(en->strings + en->n_strings, text, len + 1);
	en->n_strings += len + 1;
	return 0;
}

/* The place of a text in the string area, into which it goes unless it is there. */
static struct dlfm_disk_string put_text(struct encoder *en, const char *text)
{
	size_t len = strlen(text);
	uint64_t hash = dlfm_hash(text, len);
	struct text_key key = {.en = en, .text = text};
	uint32_t at = dlfm_index_find(&en->set, hash, same_text, &key);

	if (at == DLFM_NONE) {
		at = (uint32_t)en->n_strings;
		if (append(en, text, len) < 0 || dlfm_index_add(&en->set, hash, at) < 0)
			en->failed = 1;
	}
	return (struct dlfm_disk_string){.offset = dlfm_put32(at),
					 .len = dlfm_put32((uint32_t)len)};
}

static struct dlfm_disk_time put_time(const struct dlfm_image_time *t)
{
	return (struct dlfm_disk_time){
		.sec = dlfm_put64((uint64_t)t->sec),
		.nsec = dlfm_put32(t->nsec),
	};
}

static struct dlfm_disk_stat put_stat(const struct dlfm_image_stat *st)
{
	return (struct dlfm_disk_stat){
		.dev = dlfm_put64(st->dev),
		.ino = dlfm_put64(st->ino),
		.rdev = dlfm_put64(st->rdev),
		.size = dlfm_put64(st->size),
		.blocks = dlfm_put64(st->blocks),
		.mode = dlfm_put32(st->mode),
		.nlink = dlfm_put32(st->nlink),
		.uid = dlfm_put32(st->uid),
		.gid = dlfm_put32(st->gid),
		.blksize = dlfm_put32(st->blksize),
		.access = dlfm_put32(st->access),
		.atime = put_time(&st->atime),
		.mtime = put_time(&st->mtime),
		.ctime = put_time(&st->ctime),
	};
}

/* Reserves an area behind the last one; the sizes are computed before anything is written. */
static void place(struct encoder *en, struct dlfm_disk_area *area, uint64_t n, size_t element)
{
	en->size = (en->size + 7) & ~(uint64_t)7;
	area->offset = dlfm_put64(en->size);
	area->count = dlfm_put64(n);
	en->size += n * element;
}

static void *at(struct encoder *en, const struct dlfm_disk_area *area)
{
	return en->base + dlfm_get64(area->offset);
}

static void put_entries(struct encoder *en)
{
	struct dlfm_disk_entry *disk = at(en, &en->head->entries);
	struct dlfm_disk_name *name = at(en, &en->head->names);
	uint32_t i, j, next_name = 0;

	for (i = 0; i < en->c->n_entries; i++, disk++) {
		const struct dlfm_cache_entry *entry = &en->c->entries[i];

		*disk = (struct dlfm_disk_entry){
			.path = put_text(en, entry->path),
			.parent = dlfm_put32(entry->parent),
			.canon = dlfm_put32(entry->canon),
			.flags = dlfm_put32(entry->flags),
			.lerr = dlfm_put32((uint32_t)entry->lerr),
			.err = dlfm_put32((uint32_t)entry->err),
			.content = dlfm_put32(entry->content),
			.first_name = dlfm_put32(next_name),
			.n_names = dlfm_put32(entry->n_names),
			.st = put_stat(&entry->st),
		};
		if (entry->target)
			disk->target = put_text(en, entry->target);
		for (j = 0; j < entry->n_names; j++, name++)
			*name = (struct dlfm_disk_name){
				.name = put_text(en, entry->names[j].name),
				.ino = dlfm_put64(entry->names[j].ino),
				.type = dlfm_put32(entry->names[j].type),
			};
		next_name += entry->n_names;
	}
}

static void put_contents(struct encoder *en)
{
	struct dlfm_disk_content *disk = at(en, &en->head->contents);
	dlfm_le32 *frame = at(en, &en->head->frames);
	uint32_t i;

	for (i = 0; i < en->c->n_contents; i++, disk++) {
		const struct dlfm_cache_content *content = &en->c->contents[i];

		memcpy(disk->digest, content->digest, DLFM_DIGEST_SIZE);
		disk->size = dlfm_put64(content->size);
		disk->offset = dlfm_put64(content->offset);
		disk->stored = dlfm_put64(content->stored);
	}
	for (i = 0; i < en->c->n_frames; i++)
		frame[i] = dlfm_put32(en->c->frames[i]);
}

static void put_resolutions(struct encoder *en)
{
	struct dlfm_disk_table *table = at(en, &en->head->tables);
	struct dlfm_disk_resolution *disk = at(en, &en->head->resolutions);
	struct dlfm_disk_string *guard = at(en, &en->head->guards);
	uint32_t i, j, next_guard = 0;

	for (i = 0; i < en->c->n_tables; i++, table++) {
		const struct dlfm_cache_table *t = &en->c->tables[i];

		table->fingerprint = dlfm_put64(t->fingerprint);
		table->hwcaps = dlfm_put64(t->hwcaps);
		table->program = put_text(en, t->program);
		table->ld_library_path.offset = dlfm_put32(DLFM_NONE);
		if (t->ld_library_path)
			table->ld_library_path = put_text(en, t->ld_library_path);
	}
	for (i = 0; i < en->c->n_resolutions; i++, disk++) {
		const struct dlfm_cache_resolution *r = &en->c->resolutions[i];

		*disk = (struct dlfm_disk_resolution){
			.table = dlfm_put32(r->table),
			.ld_cache = dlfm_put32(r->ld_cache),
			.requester = put_text(en, r->requester),
			.name = put_text(en, r->name),
			.answer = put_text(en, r->answer),
			.first_guard = dlfm_put32(next_guard),
			.n_guards = dlfm_put32(r->n_guards),
		};
		for (j = 0; j < r->n_guards; j++)
			*guard++ = put_text(en, r->guards[j]);
		next_guard += r->n_guards;
	}
}

static void put_head(struct encoder *en)
{
	struct dlfm_disk_string provenance = put_text(en, en->c->provenance);

	en->head->static_tls = dlfm_put64(en->c->static_tls);
	en->head->packer_uid = dlfm_put32(en->c->packer_uid);
	en->head->scope = dlfm_put32(en->c->scope);
	en->head->flags = dlfm_put32(en->c->flags);
	en->head->provenance_offset = provenance.offset;
	en->head->provenance_len = provenance.len;
	if (en->c->history) /* behind the provenance: not at 0 */
		en->head->history_offset = put_text(en, en->c->history).offset;
}

static void place_all(struct encoder *en, struct dlfm_disk_metadata *h)
{
	uint64_t n_names = 0, n_guards = 0;
	uint32_t i;

	for (i = 0; i < en->c->n_entries; i++)
		n_names += en->c->entries[i].n_names;
	for (i = 0; i < en->c->n_resolutions; i++)
		n_guards += en->c->resolutions[i].n_guards;
	en->size = sizeof(*h);
	place(en, &h->entries, en->c->n_entries, sizeof(struct dlfm_disk_entry));
	place(en, &h->names, n_names, sizeof(struct dlfm_disk_name));
	place(en, &h->contents, en->c->n_contents, sizeof(struct dlfm_disk_content));
	place(en, &h->frames, en->c->n_frames, sizeof(dlfm_le32));
	place(en, &h->tables, en->c->n_tables, sizeof(struct dlfm_disk_table));
	place(en, &h->resolutions, en->c->n_resolutions, sizeof(struct dlfm_disk_resolution));
	place(en, &h->guards, n_guards, sizeof(struct dlfm_disk_string));
}

unsigned char *dlfm_metadata_encode(const struct dlfm_cache *c, size_t *size, struct dlfm_error *e)
{
	struct encoder en = {.c = c, .e = e};
	struct dlfm_disk_metadata head = {.history_offset = {{0}}};
	unsigned char *whole = NULL;
	uint64_t before;

	place_all(&en, &head);
	en.base = en.size < DLFM_CACHE_MAX_METADATA ? calloc(1, en.size) : NULL;
	if (!en.base)
		goto fail;
	en.head = (struct dlfm_disk_metadata *)en.base;
	*en.head = head;
	put_head(&en);
	put_entries(&en);
	put_contents(&en);
	put_resolutions(&en);
	before = en.size;
	place(&en, &en.head->strings, en.n_strings, 1);
	if (en.failed || en.size > DLFM_CACHE_MAX_METADATA)
		goto fail;
	whole = realloc(en.base, en.size);
	if (!whole)
		goto fail;
	en.base = NULL;
	*size = en.size;
	memset(whole + before, 0, en.size - before);
	memcpy(whole + en.size - en.n_strings, en.strings, en.n_strings);
fail:
	if (!whole)
		dlfm_errf(e, "no memory, or too much metadata for one cache (%llu entries)",
			  (unsigned long long)c->n_entries);
	free(en.base);
	free(en.strings);
	dlfm_index_clear(&en.set);
	return whole;
}
