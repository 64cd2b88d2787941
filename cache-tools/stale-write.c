/* SPDX-License-Identifier: BSD-3-Clause */
/* A mended cache in an unlinked file: contents copied as they stand, or read afresh. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/at-rest.h"
#include "cache-tools/cache-write.h"
#include "cache-tools/stale-private.h"

struct rewrite {
	struct stale *s;
	struct dlfm_cache *to; /* entries have the indices of s->cache */
	uint32_t *files;       /* entries that are read afresh */
	struct dlfm_rest *seen;
	size_t n_files;
};

/* ---- files that are read afresh ---- */

static int open_file(void *arg, size_t i, uint64_t *size)
{
	struct rewrite *w = arg;
	const char *path = w->to->entries[w->files[i]].path;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (dlfm_rest_begin(&w->seen[i], fd) < 0) {
		close(fd);
		return -1;
	}
	*size = w->seen[i].st.size;
	return fd;
}

static int check_file(void *arg, size_t i, int fd)
{
	const struct rewrite *w = arg;

	return dlfm_rest_verdict(&w->seen[i], fd);
}

/* What could not be read in one state is left to the file system. */
static void file_done(void *arg, size_t i, uint32_t content)
{
	struct rewrite *w = arg;
	struct dlfm_cache_entry *entry = &w->to->entries[w->files[i]];

	entry->content = content;
	if (content != DLFM_NONE) {
		w->seen[i].st.access = entry->st.access;
		entry->st = w->seen[i].st;
		return;
	}
	entry->flags &= ~(uint32_t)DLFM_ENTRY_KNOWN;
	memset(&entry->st, 0, sizeof(entry->st));
}

/* Other spellings of a file whose last look was that of its reading. */
static void follow_files(struct rewrite *w)
{
	struct dlfm_cache_entry *entry, *canon;
	uint32_t i;

	for (i = 0; i < w->to->n_entries; i++) {
		entry = &w->to->entries[i];
		if (entry->canon == i || entry->canon == DLFM_NONE || entry->target ||
		    !(entry->flags & DLFM_ENTRY_KNOWN))
			continue;
		canon = &w->to->entries[entry->canon];
		entry->st = canon->st;
		entry->flags = (entry->flags & ~(uint32_t)DLFM_ENTRY_KNOWN) |
			       (canon->flags & DLFM_ENTRY_KNOWN);
	}
}

/* ---- the new cache ---- */

/* Texts and listings stay in the old one's memory, which lives as long. */
static int copy_entries(struct rewrite *w)
{
	const struct dlfm_cache *from = w->s->cache;
	struct dlfm_cache_entry *to;
	uint32_t i;

	for (i = 0; i < from->n_entries; i++) {
		if (dlfm_cache_add(w->to, from->entries[i].path, from->entries[i].path_len) != i)
			return -1;
		to = &w->to->entries[i];
		*to = from->entries[i];
		to->content = DLFM_NONE;
		if (w->s->reread[i])
			w->files[w->n_files++] = i;
	}
	for (i = 0; i < from->n_tables; i++)
		if (dlfm_cache_add_table(w->to, &from->tables[i]) != i)
			return -1;
	for (i = 0; i < from->n_resolutions; i++)
		if (dlfm_cache_add_resolution(w->to, &from->resolutions[i]) < 0)
			return -1;
	w->to->static_tls = from->static_tls;
	w->to->packer_uid = from->packer_uid;
	w->to->scope = from->scope;
	w->to->flags = from->flags;
	w->to->first_read = w->s->began;
	w->to->provenance = from->provenance;
	w->to->history = from->history;
	return 0;
}

static int is_kept(const struct rewrite *w, uint32_t i)
{
	return w->s->cache->entries[i].content != DLFM_NONE && !w->s->reread[i];
}

static int keep_contents(struct rewrite *w, struct dlfm_cache_writer *writer, struct dlfm_error *e)
{
	const struct dlfm_cache *from = w->s->cache;
	uint32_t *map = malloc(((size_t)from->n_contents + 1) * sizeof(*map)), i;
	int rc;

	if (!map)
		return dlfm_errf(e, "no memory for %u contents", from->n_contents);
	memset(map, 0xff, ((size_t)from->n_contents + 1) * sizeof(*map));
	for (i = 0; i < from->n_entries; i++)
		if (is_kept(w, i))
			map[from->entries[i].content] = 0;
	rc = dlfm_writer_adopt(writer, w->to, w->s->file, map, e);
	for (i = 0; rc == 0 && i < from->n_entries; i++)
		if (is_kept(w, i))
			w->to->entries[i].content = map[from->entries[i].content];
	free(map);
	return rc;
}

static int write_to(struct rewrite *w, const char *name, struct dlfm_error *e)
{
	const struct dlfm_content_source source = {
		.open = open_file, .check = check_file, .done = file_done, .arg = w};
	struct dlfm_cache_writer *writer;

	if (dlfm_writer_open(&writer, name, e) < 0)
		return -1;
	if (keep_contents(w, writer, e) < 0 ||
	    dlfm_writer_add(writer, w->to, &source, w->n_files, 0, e) < 0) {
		dlfm_writer_abort(writer);
		return -1;
	}
	follow_files(w);
	return dlfm_writer_finish_unnamed(writer, w->to, e);
}

/* From the start: what an attempt that failed has put into the new cache must not be there twice. */
static int write_afresh(struct rewrite *w, const char *name, struct dlfm_error *e)
{
	int fd;

	w->to = dlfm_cache_new();
	w->n_files = 0;
	if (!w->to || copy_entries(w) < 0)
		fd = dlfm_errf(e, "no memory for %u entries", w->s->cache->n_entries);
	else
		fd = write_to(w, name, e);
	dlfm_cache_free(w->to);
	w->to = NULL;
	return fd;
}

/* Beside the cache last: its directory may be read-only, and is remote. */
static int write_somewhere(struct rewrite *w, struct dlfm_error *e)
{
	const char *tmpdir = getenv("TMPDIR");
	const char *dirs[] = {tmpdir && tmpdir[0] == '/' ? tmpdir : "/tmp", "/tmp", "/dev/shm"};
	char name[PATH_MAX];
	struct dlfm_error one;
	size_t i;
	int fd = -1;

	for (i = 0; fd < 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (snprintf(name, sizeof(name), "%s/dlfm-refresh.%ld", dirs[i], (long)getpid()) >=
		    (int)sizeof(name))
			continue;
		fd = write_afresh(w, name, &one);
	}
	return fd < 0 ? dlfm_errf(e, "what changed cannot be looked up afresh: %s", one.text) : fd;
}

int stale_write(struct stale *s, struct dlfm_error *e)
{
	struct rewrite w = {.s = s};
	int fd = -1;

	w.files = calloc((size_t)s->cache->n_entries + 1, sizeof(*w.files));
	w.seen = calloc((size_t)s->cache->n_entries + 1, sizeof(*w.seen));
	if (!w.files || !w.seen)
		dlfm_errf(e, "no memory for %u entries", s->cache->n_entries);
	else
		fd = write_somewhere(&w, e);
	free(w.files);
	free(w.seen);
	return fd;
}
