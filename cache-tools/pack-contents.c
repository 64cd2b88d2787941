/* SPDX-License-Identifier: BSD-3-Clause */
/* Contents and listings of what was chosen, each in one state. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/at-rest.h"
#include "cache-tools/pack-private.h"
#include "cache-tools/scan.h"
#include "libdlfm/hash.h"

enum { MAX_TRIES = 3 };

struct file {
	uint32_t entry;
	uint32_t content;
	struct dlfm_rest rest; /* when its content was read */
};

struct reader {
	struct pack *p;
	struct file *files; /* each inode once */
	uint32_t n, max;
	struct dlfm_index_set inodes;
	uint32_t *file_of; /* of each entry; DLFM_NONE */
};

/* ---- what the writer asks for ---- */

static int open_file(void *arg, size_t i, uint64_t *size)
{
	struct reader *r = arg;
	struct file *file = &r->files[i];
	int fd;

	if (dlfm_pack_is_stopped(r->p))
		return -1;
	fd = dlfm_pack_open(r->p, file->entry, O_RDONLY);
	if (fd < 0)
		return -1;
	if (dlfm_rest_begin(&file->rest, fd) < 0) {
		close(fd);
		return -1;
	}
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	*size = file->rest.st.size;
	return fd;
}

static int check_file(void *arg, size_t i, int fd)
{
	const struct reader *r = arg;

	return dlfm_rest_verdict(&r->files[i].rest, fd);
}

static int is_stopped(void *arg)
{
	const struct reader *r = arg;

	return dlfm_pack_is_stopped(r->p);
}

static void take_content(void *arg, size_t i, uint32_t content)
{
	struct reader *r = arg;

	r->files[i].content = content;
	dlfm_pack_progress(r->p, "storing files", i + 1, r->n);
}

/* ---- each inode once ---- */

struct inode_key {
	const struct reader *r;
	const struct dlfm_image_stat *st;
};

static int same_inode(const void *arg, uint32_t index)
{
	const struct inode_key *key = arg;
	const struct dlfm_cache *c = key->r->p->cache;
	const struct dlfm_image_stat *st = &c->entries[key->r->files[index].entry].st;

	return st->dev == key->st->dev && st->ino == key->st->ino;
}

static uint64_t inode_hash(const struct dlfm_image_stat *st)
{
	const uint64_t both[2] = {st->dev, st->ino};

	return dlfm_hash(both, sizeof(both));
}

static int add_file(struct reader *r, uint32_t entry)
{
	struct inode_key key = {.r = r, .st = &r->p->cache->entries[entry].st};
	uint64_t hash = inode_hash(key.st);
	uint32_t i = dlfm_index_find(&r->inodes, hash, same_inode, &key);

	if (i == DLFM_NONE) {
		i = r->n;
		if (dlfm_grow(&r->files, i, &r->max, sizeof(*r->files)) < 0 ||
		    dlfm_index_add(&r->inodes, hash, i) < 0)
			return -1;
		r->files[r->n++] = (struct file){.entry = entry, .content = DLFM_NONE};
	}
	r->file_of[entry] = i;
	return 0;
}

static int add_files(struct reader *r)
{
	const struct dlfm_cache *c = r->p->cache;
	uint32_t i;
	int rc = 0;

	r->file_of = malloc(((size_t)c->n_entries + 1) * sizeof(*r->file_of));
	if (!r->file_of)
		return -1;
	memset(r->file_of, 0xff, (size_t)c->n_entries * sizeof(*r->file_of));
	for (i = 0; i < c->n_entries && rc == 0; i++)
		if (r->p->notes[i].flags & NOTE_CONTENT)
			rc = add_file(r, i);
	return rc;
}

/* What was stored, and the state in which it was read, become the entry's. */
static void give_content(struct reader *r, uint32_t i)
{
	struct pack *p = r->p;
	struct dlfm_cache_entry *entry = &p->cache->entries[i];
	const struct file *file = &r->files[r->file_of[i]];

	if (file->content != DLFM_NONE) {
		entry->content = file->content;
		entry->st = file->rest.st;
		return;
	}
	entry->flags &= ~(uint32_t)DLFM_ENTRY_KNOWN;
	dlfm_pack_leave_out(p, i, &p->report->failed, DLFM_LEFT_UNREADABLE);
}

int dlfm_pack_contents(struct pack *p, struct dlfm_cache_writer *w)
{
	struct reader r = {.p = p};
	struct dlfm_content_source source = {.open = open_file,
					     .check = check_file,
					     .done = take_content,
					     .stop = is_stopped,
					     .arg = &r};
	int rc = add_files(&r);
	uint32_t i;

	if (rc < 0)
		pack_no_memory(p);
	else
		rc = dlfm_writer_add(w, p->cache, &source, r.n, p->options->threads, p->e);
	if (rc == 0)
		rc = dlfm_pack_progress(p, "storing files", r.n, r.n);
	for (i = 0; i < p->cache->n_entries && rc == 0; i++)
		if (r.file_of[i] != DLFM_NONE)
			give_content(&r, i);
	dlfm_index_clear(&r.inodes);
	free(r.file_of);
	free(r.files);
	return rc;
}

/* ---- listings ---- */

/* Lists a directory in one state: its stat is the same before and after. */
static int list(struct pack *p, uint32_t i)
{
	struct dlfm_cache_entry *entry = &p->cache->entries[i];
	struct dlfm_scan s;
	const char *name;
	int tries, dir = dlfm_pack_reach(p, i, &name);

	for (tries = 0; tries < MAX_TRIES; tries++) {
		if (dlfm_scan_list_at(p->cache, entry, dir, name) < 0)
			return errno == ENOMEM ? pack_no_memory(p) : 0;
		dlfm_scan_at(&s, dir, name);
		if (s.lerr == 0 && dlfm_scan_same(&s.st, &entry->st))
			return 0;
		if (s.lerr || !S_ISDIR(s.st.mode))
			break;
		entry->st = s.st;
	}
	entry->flags &= ~(uint32_t)DLFM_ENTRY_LISTED;
	entry->n_names = 0;
	return 0;
}

int dlfm_pack_listings(struct pack *p)
{
	const char *name;
	uint32_t i;
	int dir;

	for (i = 0; i < p->cache->n_entries; i++) {
		struct dlfm_cache_entry *entry = &p->cache->entries[i];

		if (entry->canon != i || !(entry->flags & DLFM_ENTRY_KNOWN) || entry->lerr)
			continue;
		dir = dlfm_pack_reach(p, i, &name);
		entry->st.access = dlfm_scan_access_at(dir, name, entry->st.mode);
		if ((p->notes[i].ops & DLFM_OP_LIST) && dlfm_pack_is_import_dir(p, i) &&
		    list(p, i) < 0)
			return -1;
	}
	return 0;
}
