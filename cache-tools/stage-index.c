/* SPDX-License-Identifier: BSD-3-Clause */
/* From a cache and its staged files to the index of the image. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/index.h"
#include "cache-tools/stage-devices.h"
#include "cache-tools/stage-mounts.h"
#include "cache-tools/stage-private.h"
#include "libdlfm/fingerprint.h"
#include "libdlfm/image-write.h"

struct input {
	struct dlfm_image_in in;
	struct dlfm_image_in_entry *entries;
	struct dlfm_image_in_name *names;
	uint64_t *fingerprints;
	struct dlfm_image_in_resolution *resolutions;
	struct dlfm_image_text *guards;
	struct stage_mounts mounts;
};

static struct dlfm_image_text text(const char *s)
{
	return s ? (struct dlfm_image_text){s, strlen(s)} : (struct dlfm_image_text){"", 0};
}

static void add_names(struct input *in, const struct dlfm_cache_entry *from,
		      struct dlfm_image_in_entry *to)
{
	uint32_t i;

	to->first_name = in->in.n_names;
	to->n_names = from->n_names;
	for (i = 0; i < from->n_names; i++)
		in->names[in->in.n_names++] = (struct dlfm_image_in_name){
			.name = {from->names[i].name, from->names[i].len},
			.ino = from->names[i].ino,
			.type = from->names[i].type,
		};
}

/*
 * A staged file's stat is the copy's where fstat would tell. A spelling that does not lead to the
 * copy, of a file that is staged, is left to the file system: one of the two would be wrong.
 */
static void set_staged(const struct stage_tree *t, uint32_t i, struct dlfm_image_in_entry *to)
{
	const struct dlfm_cache_entry *from = &t->plan.cache->entries[i];
	uint32_t canon = from->canon;

	if (canon == DLFM_NONE || !(t->plan.flags[canon] & DLFM_PLAN_FILE))
		return;
	if (t->plan.flags[i] & DLFM_PLAN_STAGED)
		to->flags |= DLFM_ENTRY_STAGED;
	else
		to->flags &= ~(uint32_t)DLFM_ENTRY_KNOWN;
	if (S_ISLNK(from->st.mode))
		return;
	/* analyzer: files that were planned were staged */
	to->st.dev = t->staged[canon].dev;
	to->st.ino = t->staged[canon].ino;
	to->st.mode = S_IFREG | stage_mode(&from->st);
}

static void add_entries(struct input *in, const struct stage_tree *t)
{
	const struct dlfm_cache *c = t->plan.cache;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		const struct dlfm_cache_entry *from = &c->entries[i];
		struct dlfm_image_in_entry *to = &in->entries[i];

		*to = (struct dlfm_image_in_entry){
			.path = {from->path, from->path_len},
			.target = text(from->target),
			.canon = from->canon,
			.flags = from->flags,
			.lerr = from->lerr,
			.err = from->err,
			.st = from->st,
		};
		add_names(in, from, to);
	}
	stage_devices_adjust(in->entries, c, &in->mounts);
	for (i = 0; i < c->n_entries; i++)
		set_staged(t, i, &in->entries[i]);
	in->in.n_entries = c->n_entries;
}

static void add_resolutions(struct input *in, const struct stage_tree *t)
{
	const struct dlfm_cache *c = t->plan.cache;
	const uint32_t ld_cache = dlfm_ld_cache_state();
	uint32_t i, g, at, n = 0;

	for (i = 0; i < c->n_resolutions; i++) {
		const struct dlfm_cache_resolution *from = &c->resolutions[i];

		if (from->ld_cache && from->ld_cache != ld_cache)
			continue;
		at = dlfm_cache_find(c, from->answer, strlen(from->answer));
		in->resolutions[n++] = (struct dlfm_image_in_resolution){
			.table = from->table,
			.flags = at != DLFM_NONE && t->plan.flags[at] & DLFM_PLAN_STAGED
					 ? DLFM_ENTRY_STAGED
					 : 0,
			.requester = text(from->requester),
			.name = text(from->name),
			.answer = text(from->answer),
			.first_guard = in->in.n_guards,
			.n_guards = from->n_guards,
		};
		for (g = 0; g < from->n_guards; g++)
			in->guards[in->in.n_guards++] = text(from->guards[g]);
	}
	for (i = 0; i < c->n_tables; i++)
		in->fingerprints[i] = c->tables[i].fingerprint;
	in->in.n_resolutions = n;
	in->in.n_tables = c->n_tables;
}

static int allocate(struct input *in, const struct dlfm_cache *c)
{
	size_t n_names = 0, n_guards = 0;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++)
		n_names += c->entries[i].n_names;
	for (i = 0; i < c->n_resolutions; i++)
		n_guards += c->resolutions[i].n_guards;
	in->entries = calloc((size_t)c->n_entries + 1, sizeof(*in->entries));
	in->names = calloc(n_names + 1, sizeof(*in->names));
	in->fingerprints = calloc((size_t)c->n_tables + 1, sizeof(*in->fingerprints));
	in->resolutions = calloc((size_t)c->n_resolutions + 1, sizeof(*in->resolutions));
	in->guards = calloc(n_guards + 1, sizeof(*in->guards));
	return in->entries && in->names && in->fingerprints && in->resolutions && in->guards ? 0
											     : -1;
}

static void clear(struct input *in)
{
	free(in->entries);
	free(in->names);
	free(in->fingerprints);
	free(in->resolutions);
	free(in->guards);
	stage_mounts_free(&in->mounts);
}

/* To be cleared in any case. */
static int make_input(struct input *in, const struct stage_tree *t, struct dlfm_error *e)
{
	const struct dlfm_cache *c = t->plan.cache;

	*in = (struct input){.in = {.packer_uid = c->packer_uid, .static_tls = c->static_tls}};
	memcpy(in->in.cache_id, c->header.id, sizeof(in->in.cache_id));
	if (allocate(in, c) < 0)
		return dlfm_errf(e, "no memory for the index");
	stage_mounts_find(&in->mounts, c);
	add_entries(in, t);
	add_resolutions(in, t);
	in->in.entries = in->entries;
	in->in.names = in->names;
	in->in.fingerprints = in->fingerprints;
	in->in.resolutions = in->resolutions;
	in->in.guards = in->guards;
	in->in.mounts = in->mounts.at;
	in->in.n_mounts = in->mounts.n;
	return 0;
}

int stage_write_index(const struct stage_tree *t, int temp, const char *root, struct dlfm_error *e)
{
	struct input in;
	int rc = make_input(&in, t, e);

	if (rc == 0 && dlfm_image_write_files(temp, &in.in, root) < 0)
		rc = stage_failed(t->where, "write", "the index", e);
	clear(&in);
	return rc;
}

static int make_dirty(struct dlfm_index *x, size_t n_entries)
{
	struct dlfm_dirty_header *h;

	x->dirty_size = sizeof(*h) + n_entries;
	x->dirty = h = calloc(1, x->dirty_size);
	if (!h)
		return -1;
	memcpy(h->magic, DLFM_DIRTY_MAGIC, sizeof(h->magic));
	h->n_entries = n_entries;
	return 0;
}

int dlfm_index_make(struct dlfm_index *x, const struct dlfm_cache *c, const char *root,
		    struct dlfm_error *e)
{
	struct stage_tree t = {.root = -1, .where = root};
	struct input in = {.entries = NULL};
	int rc = dlfm_plan_make(&t.plan, c, strlen(root), e);

	*x = (struct dlfm_index){.index = NULL};
	t.staged = calloc((size_t)c->n_entries + 1, sizeof(*t.staged));
	if (rc == 0 && !t.staged)
		rc = dlfm_errf(e, "no memory for %u entries", c->n_entries);
	if (rc == 0)
		rc = make_input(&in, &t, e);
	if (rc == 0 && dlfm_image_write(&in.in, root, &x->index, &x->index_size) < 0)
		rc = dlfm_errnof(e, "the index cannot be made");
	if (rc == 0 &&
	    make_dirty(x, ((const struct dlfm_image_header *)x->index)->entries.count) < 0)
		rc = dlfm_errf(e, "no memory for the index");
	if (rc < 0)
		free(x->index);
	clear(&in);
	free(t.staged);
	dlfm_plan_free(&t.plan);
	return rc;
}
