/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzing the reader of cache.dat and what staging does with what it accepts: the plan of the mirror tree and the index of
 * the image, in which every path and every resolution must then be found. A refusal is always right; what is
 * accepted must be writable again, and be read as the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/cache-read.h"
#include "cache-tools/stage-private.h"
#include "libdlfm/hash.h"
#include "libdlfm/image-write.h"
#include "tests/fuzz/cache-input.h"

#define ROOT "/dev/shm/dlfm-0/00000000000000000000000000000000/root"

static const struct dlfm_cache *reading;

static void look_up_all(const struct dlfm_image *im)
{
	const struct dlfm_cache *c = reading;
	const struct dlfm_cache_entry *e;
	struct dlfm_found found;
	uint32_t i;
	int follow;

	for (i = 0; i < c->n_entries; i++) {
		e = &c->entries[i];
		for (follow = 0; follow < 2; follow++) {
			found = dlfm_image_lookup(im, e->path, e->path_len, follow);
			fuzz_check(found.named == i, "every recorded path is found");
			fuzz_check(found.answer != DLFM_ABSENT || (e->flags & DLFM_ENTRY_KNOWN),
				   "what is not known is not absent");
			fuzz_check(found.answer != DLFM_PRESENT ||
					   dlfm_image_entry(im, found.entry) != NULL,
				   "an answer has its entry");
		}
		dlfm_image_mark(im, e->path, e->path_len,
				i & 1 ? DLFM_DIRTY_SELF : DLFM_DIRTY_TREE);
		found = dlfm_image_lookup(im, e->path, e->path_len, 1);
		fuzz_check(found.answer == DLFM_UNKNOWN || !(e->flags & DLFM_ENTRY_KNOWN),
			   "what the job changed is not answered");
	}
}

static void resolve_all(const struct dlfm_image *im)
{
	const struct dlfm_cache_resolution *r;
	const struct dlfm_image_resolution *got;
	uint32_t i;

	for (i = 0; i < reading->n_resolutions; i++) {
		r = &reading->resolutions[i];
		if (r->ld_cache)
			continue; /* only on another node, perhaps */
		got = dlfm_image_resolve(im, r->table, r->requester, r->name);
		fuzz_check(got && strcmp(dlfm_image_string(im, got->answer), r->answer) == 0,
			   "every resolution is found");
	}
}

int __wrap_dlfm_image_write_files(int dirfd, const struct dlfm_image_in *in, const char *root);

/* For the harnesses that begin with an index: FUZZ_INDEX names a file. */
static void keep_index(const void *index, size_t size)
{
	const char *name = getenv("FUZZ_INDEX");
	FILE *f = name ? fopen(name, "w") : NULL;

	if (!f)
		return;
	fwrite(index, size, 1, f);
	fclose(f);
}

/* Instead of files. */
int __wrap_dlfm_image_write_files(int dirfd, const struct dlfm_image_in *in, const char *root)
{
	struct dlfm_dirty_header *dirty;
	struct dlfm_image im;
	void *index;
	size_t size, n;

	(void)dirfd;
	fuzz_check(dlfm_image_write(in, root, &index, &size) == 0,
		   "of an accepted cache an index can be made");
	keep_index(index, size);
	n = ((const struct dlfm_image_header *)index)->entries.count;
	dirty = calloc(1, sizeof(*dirty) + n);
	memcpy(dirty->magic, DLFM_DIRTY_MAGIC, sizeof(dirty->magic));
	dirty->n_entries = n;
	fuzz_check(dlfm_image_attach(&im, index, size, dirty, sizeof(*dirty) + n) == 0,
		   "the index is one");
	resolve_all(&im);
	look_up_all(&im);
	free(dirty);
	free(index);
	return 0;
}

/* Nothing in the tree has another name's place, and links stay inside. */
static void check_plan(const struct dlfm_plan *p)
{
	char way[2 * PATH_MAX];
	const struct dlfm_plan_link *l;
	uint32_t i;

	for (i = 0; i < p->n_files; i++)
		fuzz_check(p->files[i].same == DLFM_NONE || p->files[i].same < i,
			   "a hard link comes behind its file");
	for (i = 0; i < p->n_links; i++) {
		l = &p->links[i];
		fuzz_check(p->flags[l->dir] & DLFM_PLAN_DIR, "a link lies in a directory");
		fuzz_check(dlfm_plan_relative(way, sizeof(way), p->cache->entries[l->dir].path,
					      p->cache->entries[l->target].path) == 0 &&
				   way[0] != '/',
			   "a link is relative");
	}
}

static void stage(const struct dlfm_cache *c)
{
	struct stage_tree t = {.root = -1, .where = "nowhere"};
	struct dlfm_error e = {""};

	reading = c;
	if (dlfm_plan_make(&t.plan, c, strlen(ROOT), &e) == 0) {
		check_plan(&t.plan);
		t.staged = calloc((size_t)c->n_entries + 1, sizeof(*t.staged));
		stage_write_index(&t, -1, ROOT, &e);
		free(t.staged);
	} else {
		fuzz_check(e.text[0], "a refusal says why");
	}
	dlfm_plan_free(&t.plan);
}

static void write_again(struct dlfm_cache *c)
{
	struct cache_input in = {.contents_size = 0};
	struct dlfm_error e = {""};
	struct dlfm_cache *again;

	in.raw = dlfm_metadata_encode(c, &in.raw_size, &e);
	fuzz_check(in.raw != NULL, "an accepted cache can be written");
	cache_input_seal(&in);
	again = dlfm_cache_decode(&in.h, in.stored, in.h.metadata_stored, &e);
	fuzz_check(again && again->n_entries == c->n_entries, "... and read");
	dlfm_cache_free(again);
	cache_input_free(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cache_input in;
	struct dlfm_error e = {""};
	struct dlfm_cache_header h;
	struct dlfm_disk_header d;
	struct dlfm_cache *c;

	if (cache_input_take(&in, data, size) < 0)
		return 0;
	cache_input_seal(&in);
	dlfm_cache_header_encode(&d, &in.h);
	if (dlfm_cache_header_decode(&h, &d, sizeof(d), &e) == 0 &&
	    (c = dlfm_cache_decode(&h, in.stored, in.h.metadata_stored, &e))) {
		stage(c);
		write_again(c);
		dlfm_cache_free(c);
	} else {
		fuzz_check(e.text[0], "a refusal says why");
	}
	cache_input_free(&in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return fuzz_mutate_words(data, size, max, seed);
}
