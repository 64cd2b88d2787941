/* SPDX-License-Identifier: BSD-3-Clause */
/* A cache in memory: finding and adding its parts. */
#include "cache-tools/model.h"

#include <stdlib.h>
#include <string.h>

#include "cache-tools/arena.h"
#include "cache-tools/model-private.h"
#include "libdlfm/hash.h"

struct dlfm_cache *dlfm_cache_new(void)
{
	struct dlfm_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->arena = dlfm_arena_new();
	c->slots = calloc(1, sizeof(*c->slots));
	c->provenance = "{}";
	if (!c->arena || !c->slots) {
		dlfm_cache_free(c);
		return NULL;
	}
	return c;
}

void dlfm_cache_free(struct dlfm_cache *c)
{
	if (!c)
		return;
	if (c->slots) {
		dlfm_index_clear(&c->slots->paths);
		dlfm_index_clear(&c->slots->digests);
	}
	free(c->slots);
	dlfm_arena_free(c->arena);
	free(c->entries);
	free(c->contents);
	free(c->frames);
	free(c->tables);
	free(c->resolutions);
	free(c);
}

void *dlfm_cache_alloc(struct dlfm_cache *c, size_t size)
{
	return dlfm_arena_alloc(c->arena, size);
}

const char *dlfm_cache_text(struct dlfm_cache *c, const char *text, size_t len)
{
	return dlfm_arena_text(c->arena, text, len);
}

struct path_key {
	const struct dlfm_cache *c;
	const char *path;
	size_t len;
};

static int same_path(const void *arg, uint32_t index)
{
	const struct path_key *key = arg;
	const struct dlfm_cache_entry *entry = &key->c->entries[index];

	return entry->path_len == key->len && memcmp(entry->path, key->path, key->len) == 0;
}

uint32_t dlfm_cache_find(const struct dlfm_cache *c, const char *path, size_t len)
{
	struct path_key key = {.c = c, .path = path, .len = len};

	return dlfm_index_find(&c->slots->paths, dlfm_hash(path, len), same_path, &key);
}

int dlfm_cache_index_path(struct dlfm_cache *c, uint32_t i)
{
	return dlfm_index_add(&c->slots->paths,
			      dlfm_hash(c->entries[i].path, c->entries[i].path_len), i);
}

/* Adds one entry whose parent is known. */
static uint32_t add_entry(struct dlfm_cache *c, const char *path, size_t len, uint32_t parent)
{
	uint32_t i = c->n_entries;
	const char *text = dlfm_arena_text(c->arena, path, len);

	if (!text || dlfm_grow(&c->entries, i, &c->max_entries, sizeof(*c->entries)) < 0)
		return DLFM_NONE;
	c->entries[i] = (struct dlfm_cache_entry){
		.path = text,
		.path_len = (uint32_t)len,
		.parent = parent == DLFM_NONE ? i : parent,
		.canon = DLFM_NONE,
		.content = DLFM_NONE,
	};
	if (dlfm_cache_index_path(c, i) < 0)
		return DLFM_NONE;
	c->n_entries++;
	return i;
}

uint32_t dlfm_cache_add(struct dlfm_cache *c, const char *path, size_t len)
{
	uint32_t at = dlfm_cache_find(c, path, len), parent;
	size_t end;

	if (at != DLFM_NONE)
		return at;
	parent = dlfm_cache_find(c, "/", 1);
	if (parent == DLFM_NONE)
		parent = add_entry(c, "/", 1, DLFM_NONE);
	for (end = 1; parent != DLFM_NONE && end < len; end++) {
		const char *slash = memchr(path + end, '/', len - end);

		end = slash ? (size_t)(slash - path) : len;
		at = dlfm_cache_find(c, path, end);
		parent = at != DLFM_NONE ? at : add_entry(c, path, end, parent);
	}
	return parent;
}

struct digest_key {
	const struct dlfm_cache *c;
	const unsigned char *digest;
	uint64_t size;
};

static int same_content(const void *arg, uint32_t index)
{
	const struct digest_key *key = arg;
	const struct dlfm_cache_content *content = &key->c->contents[index];

	return content->size == key->size &&
	       memcmp(content->digest, key->digest, DLFM_DIGEST_SIZE) == 0;
}

static uint64_t digest_hash(const unsigned char *digest)
{
	uint64_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return hash;
}

uint32_t dlfm_cache_find_content(const struct dlfm_cache *c, const unsigned char *digest,
				 uint64_t size)
{
	struct digest_key key = {.c = c, .digest = digest, .size = size};

	return dlfm_index_find(&c->slots->digests, digest_hash(digest), same_content, &key);
}

int dlfm_cache_index_content(struct dlfm_cache *c, uint32_t i)
{
	return dlfm_index_add(&c->slots->digests, digest_hash(c->contents[i].digest), i);
}

uint32_t dlfm_cache_add_content(struct dlfm_cache *c, const struct dlfm_cache_content *content,
				const uint32_t *frames, uint32_t n_frames)
{
	uint32_t i = c->n_contents, first = c->n_frames, f;

	if (dlfm_grow(&c->contents, i, &c->max_contents, sizeof(*c->contents)) < 0)
		return DLFM_NONE;
	for (f = 0; f < n_frames; f++) {
		if (dlfm_grow(&c->frames, first + f, &c->max_frames, sizeof(*c->frames)) < 0)
			return DLFM_NONE;
		c->frames[first + f] = frames[f];
	}
	c->contents[i] = *content;
	c->contents[i].first_frame = first;
	c->contents[i].n_frames = n_frames;
	if (dlfm_cache_index_content(c, i) < 0)
		return DLFM_NONE;
	c->n_frames += n_frames;
	c->n_contents++;
	return i;
}

uint32_t dlfm_cache_add_table(struct dlfm_cache *c, const struct dlfm_cache_table *table)
{
	uint32_t i;
	struct dlfm_cache_table *t;

	for (i = 0; i < c->n_tables; i++)
		if (c->tables[i].fingerprint == table->fingerprint)
			return i;
	if (dlfm_grow(&c->tables, i, &c->max_tables, sizeof(*c->tables)) < 0)
		return DLFM_NONE;
	t = &c->tables[i];
	*t = *table;
	t->program = dlfm_cache_text(c, table->program, strlen(table->program));
	if (table->ld_library_path)
		t->ld_library_path =
			dlfm_cache_text(c, table->ld_library_path, strlen(table->ld_library_path));
	if (!t->program || (table->ld_library_path && !t->ld_library_path))
		return DLFM_NONE;
	c->n_tables++;
	return i;
}

int dlfm_cache_add_resolution(struct dlfm_cache *c, const struct dlfm_cache_resolution *r)
{
	struct dlfm_cache_resolution *new;
	const char **guards = dlfm_cache_alloc(c, (r->n_guards + 1) * sizeof(*guards));
	uint32_t i;

	if (!guards || dlfm_grow(&c->resolutions, c->n_resolutions, &c->max_resolutions,
				 sizeof(*c->resolutions)) < 0)
		return -1;
	for (i = 0; i < r->n_guards; i++) {
		guards[i] = dlfm_cache_text(c, r->guards[i], strlen(r->guards[i]));
		if (!guards[i])
			return -1;
	}
	new = &c->resolutions[c->n_resolutions];
	*new = *r;
	new->guards = guards;
	new->requester = dlfm_cache_text(c, r->requester, strlen(r->requester));
	new->name = dlfm_cache_text(c, r->name, strlen(r->name));
	new->answer = dlfm_cache_text(c, r->answer, strlen(r->answer));
	if (!new->requester || !new->name || !new->answer)
		return -1;
	c->n_resolutions++;
	return 0;
}

void dlfm_cache_totals(const struct dlfm_cache *c, uint64_t *n_files, uint64_t *files_size)
{
	uint32_t i;

	*n_files = *files_size = 0;
	for (i = 0; i < c->n_entries; i++) {
		if (c->entries[i].content == DLFM_NONE)
			continue;
		++*n_files;
		*files_size += c->contents[c->entries[i].content].size;
	}
}

void dlfm_digest_text(char text[DLFM_CACHE_ID_TEXT], const unsigned char *digest)
{
	static const char digits[] = "0123456789abcdef";
	int i;

	for (i = 0; i < DLFM_DIGEST_SIZE; i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[2 * DLFM_DIGEST_SIZE] = 0;
}
