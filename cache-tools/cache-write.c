/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing cache.dat: the spool of contents, and the file at the end. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-write-private.h"
#include "cache-tools/file-io.h"

enum { METADATA_LEVEL = 6 };

int dlfm_writer_check(const char *name, struct dlfm_error *e)
{
	return dlfm_temporary_check(name, e);
}

/* Now, by this node's clock or the file server's, whichever is behind: the times of files are the server's. */
static int64_t now_of(const struct dlfm_cache_writer *w)
{
	int64_t now = (int64_t)time(NULL);
	struct stat st;

	return fstat(w->spool.fd, &st) == 0 && st.st_mtim.tv_sec < now ? st.st_mtim.tv_sec : now;
}

int dlfm_writer_open(struct dlfm_cache_writer **w, const char *name, struct dlfm_error *e)
{
	*w = calloc(1, sizeof(**w));
	if (!*w)
		return dlfm_errf(e, "no memory");
	(*w)->name = strdup(name);
	(*w)->spool.fd = -1;
	if (!(*w)->name) {
		dlfm_errf(e, "no memory");
		goto fail;
	}
	if (dlfm_temporary_open_unlinked(&(*w)->spool, name, e) < 0)
		goto fail;
	(*w)->opened = now_of(*w);
	return 0;
fail:
	dlfm_writer_abort(*w);
	*w = NULL;
	return -1;
}

void dlfm_writer_abort(struct dlfm_cache_writer *w)
{
	if (!w)
		return;
	dlfm_temporary_abort(&w->spool);
	free(w->name);
	free(w);
}

int dlfm_spool(struct dlfm_cache_writer *w, const void *data, size_t size, struct dlfm_error *e)
{
	if (dlfm_write_at(w->spool.fd, data, size, w->spooled) < 0)
		return dlfm_errnof(e, "%s: cannot be written", w->name);
	w->spooled += size;
	return 0;
}

int dlfm_spool_file(struct dlfm_cache_writer *w, int fd, uint64_t offset, uint64_t size,
		    struct dlfm_error *e)
{
	const struct dlfm_stretch s = {
		.from = fd, .to = w->spool.fd, .in = offset, .out = w->spooled, .size = size};

	if (dlfm_copy_stretch(&s) < 0)
		return dlfm_errnof(e, "cannot be copied to %s", w->name);
	w->spooled += size;
	return 0;
}

static int copy_spool(const struct dlfm_cache_writer *w, int to, uint64_t offset)
{
	const struct dlfm_stretch s = {
		.from = w->spool.fd, .to = to, .out = offset, .size = w->spooled};

	return dlfm_copy_stretch(&s);
}

static void fill_header(const struct dlfm_cache_writer *w, struct dlfm_cache *c,
			uint64_t metadata_stored, uint64_t metadata_size, uint64_t contents_stored)
{
	struct dlfm_cache_header *h = &c->header;
	uint32_t i;

	h->metadata_offset = DLFM_CACHE_HEADER_SIZE;
	h->metadata_stored = metadata_stored;
	h->metadata_size = metadata_size;
	h->contents_offset = h->metadata_offset + metadata_stored;
	h->contents_stored = contents_stored;
	h->contents_size = 0;
	for (i = 0; i < c->n_contents; i++)
		h->contents_size += c->contents[i].size;
	h->file_size = h->contents_offset + contents_stored;
	h->n_contents = c->n_contents;
	h->n_entries = c->n_entries;
	h->created = (int64_t)time(NULL);
	h->first_read = c->first_read && c->first_read < w->opened ? c->first_read : w->opened;
	h->flags = c->flags;
	dlfm_cache_totals(c, &h->n_files, &h->files_size);
}

struct packed {
	unsigned char *data;
	size_t size;
};

/* Encodes, digests and compresses the metadata; fills the header. */
static int pack_metadata(const struct dlfm_cache_writer *w, struct dlfm_cache *c, struct packed *p,
			 struct dlfm_error *e)
{
	unsigned char *raw;
	size_t size, n;

	p->data = NULL;
	if (dlfm_cache_settle(c, NULL) < 0)
		return dlfm_errf(e, "no memory");
	raw = dlfm_metadata_encode(c, &size, e);
	if (!raw)
		return -1;
	dlfm_digest_of(raw, size, c->header.id);
	p->data = malloc(ZSTD_compressBound(size));
	n = p->data ? ZSTD_compress(p->data, ZSTD_compressBound(size), raw, size, METADATA_LEVEL)
		    : 0;
	free(raw);
	if (n == 0 || ZSTD_isError(n)) {
		free(p->data);
		p->data = NULL;
		return dlfm_errf(e, "no memory to compress the metadata");
	}
	p->size = n;
	fill_header(w, c, n, size, w->spooled);
	return 0;
}

/* Refuses to write what the reader would refuse: a mistake is found here and not at the next
 * launch. */
static int check(const struct dlfm_cache *c, const struct dlfm_disk_header *header,
		 struct dlfm_error *e)
{
	struct dlfm_cache_header again;

	if (dlfm_cache_check_entries(c, e) == 0 && dlfm_cache_check_resolutions(c, e) == 0 &&
	    dlfm_cache_header_decode(&again, header, sizeof(*header), e) == 0)
		return 0;
	return dlfm_err_prefix(e, "the new cache is not valid, which is a mistake in dlfm");
}

static int write_all(const struct dlfm_cache_writer *w, struct dlfm_cache *c, int fd,
		     struct dlfm_error *e)
{
	struct dlfm_disk_header header;
	struct packed metadata = {.size = 0};
	int rc = -1;

	if (pack_metadata(w, c, &metadata, e) < 0)
		return -1;
	dlfm_cache_header_encode(&header, &c->header);
	if (check(c, &header, e) < 0)
		goto fail;
	if (dlfm_write_at(fd, &header, sizeof(header), 0) < 0 ||
	    dlfm_write_at(fd, metadata.data, metadata.size, sizeof(header)) < 0 ||
	    copy_spool(w, fd, c->header.contents_offset) < 0) {
		dlfm_errnof(e, "%s: cannot be written", w->name);
		goto fail;
	}
	rc = 0;
fail:
	free(metadata.data);
	return rc;
}

int dlfm_writer_finish(struct dlfm_cache_writer *w, struct dlfm_cache *c, struct dlfm_error *e)
{
	struct dlfm_temporary t;
	int rc = -1;

	if (dlfm_temporary_open(&t, w->name, 0644, e) < 0)
		goto fail;
	if (write_all(w, c, t.fd, e) < 0)
		dlfm_temporary_abort(&t);
	else
		rc = dlfm_temporary_commit(&t, e);
fail:
	dlfm_writer_abort(w);
	return rc;
}

int dlfm_writer_finish_unnamed(struct dlfm_cache_writer *w, struct dlfm_cache *c,
			       struct dlfm_error *e)
{
	struct dlfm_temporary t;
	int rc = -1;

	if (dlfm_temporary_open_unlinked(&t, w->name, e) < 0)
		goto fail;
	if (write_all(w, c, t.fd, e) < 0)
		dlfm_temporary_abort(&t);
	else
		rc = t.fd;
fail:
	dlfm_writer_abort(w);
	return rc;
}
