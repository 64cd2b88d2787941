/* SPDX-License-Identifier: BSD-3-Clause */
/* A cache.dat on disk: opening it and reading contents from it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/cache-private.h"

int dlfm_cache_open_regular(const char *name, uint64_t *size, struct dlfm_error *e)
{
	struct stat st;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return dlfm_errf(
			e, "%s: there is no such file; dlfm record -o %s -- COMMAND makes one",
			name, name);
	if (fd < 0)
		return dlfm_errnof(e, "%s: cannot be opened", name);
	if (fstat(fd, &st) < 0) {
		dlfm_errnof(e, "%s: cannot be examined", name);
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		dlfm_errf(e, "%s: is %s; name a cache file", name,
			  S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
		goto fail;
	}
	*size = (uint64_t)st.st_size;
	return fd;
fail:
	close(fd);
	return -1;
}

static struct dlfm_cache *read_metadata(int fd, const struct dlfm_cache_header *h,
					struct dlfm_error *e)
{
	struct dlfm_cache *c = NULL;
	void *stored = malloc(h->metadata_stored);
	ssize_t n;

	if (!stored) {
		dlfm_errf(e, "no memory for its metadata");
		return NULL;
	}
	n = dlfm_read_at(fd, stored, h->metadata_stored, h->metadata_offset);
	if (n < 0)
		dlfm_errnof(e, "its metadata cannot be read");
	else
		c = dlfm_cache_decode(h, stored, (size_t)n, e);
	free(stored);
	return c;
}

static struct dlfm_cache *read_cache(int fd, uint64_t size, struct dlfm_error *e)
{
	unsigned char bytes[DLFM_CACHE_HEADER_SIZE];
	struct dlfm_cache_header h;
	ssize_t n = dlfm_read_at(fd, bytes, sizeof(bytes), 0);

	if (n < 0) {
		dlfm_errnof(e, "cannot be read");
		return NULL;
	}
	if (dlfm_cache_header_decode(&h, bytes, (size_t)n, e) < 0)
		return NULL;
	if (h.file_size != size) {
		dlfm_damaged(e, "it has %llu bytes and should have %llu", (unsigned long long)size,
			     (unsigned long long)h.file_size);
		return NULL;
	}
	return read_metadata(fd, &h, e);
}

int dlfm_cache_open(struct dlfm_cache_file *f, const char *name, struct dlfm_error *e)
{
	uint64_t size = 0;

	f->cache = NULL;
	f->fd = dlfm_cache_open_regular(name, &size, e);
	if (f->fd < 0)
		return -1;
	f->name = strdup(name);
	f->cache = f->name ? read_cache(f->fd, size, e) : NULL;
	if (f->cache)
		return 0;
	dlfm_err_prefix(e, "%s", name);
	dlfm_cache_close(f);
	return -1;
}

void dlfm_cache_close(struct dlfm_cache_file *f)
{
	dlfm_cache_free(f->cache);
	free(f->name);
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct dlfm_cache_file){.fd = -1};
}

static const char *content_path(const struct dlfm_cache *c, uint32_t content)
{
	uint32_t i;

	for (i = 0; i < c->n_entries; i++)
		if (c->entries[i].content == content)
			return c->entries[i].path;
	return "no entry";
}

struct piece_reader {
	const struct dlfm_cache_file *f;
	const struct dlfm_cache_content *content;
	unsigned char *stored, *data;
	struct dlfm_digest *digest;
};

/* Reads and decompresses frame i, which lies at `offset` of the file. */
static int read_frame(struct piece_reader *r, uint32_t i, uint64_t offset, struct dlfm_error *e)
{
	uint32_t stored = r->f->cache->frames[r->content->first_frame + i];
	size_t size = dlfm_cache_frame_size(r->content, i);
	ssize_t n = dlfm_read_at(r->f->fd, r->stored, stored, offset);

	if (n < 0)
		return dlfm_errnof(e, "cannot be read at byte %llu", (unsigned long long)offset);
	if ((size_t)n < stored)
		return dlfm_damaged(e, "it ends at byte %llu",
				    (unsigned long long)offset + (size_t)n);
	if (ZSTD_findFrameCompressedSize(r->stored, stored) != stored ||
	    ZSTD_decompress(r->data, size, r->stored, stored) != size)
		return dlfm_damaged(e, "the frame at byte %llu does not decompress",
				    (unsigned long long)offset);
	return 0;
}

static int read_frames(struct piece_reader *r, dlfm_content_taker *take, void *arg,
		       struct dlfm_error *e)
{
	const struct dlfm_cache *c = r->f->cache;
	uint64_t offset = c->header.contents_offset + r->content->offset;
	unsigned char digest[DLFM_DIGEST_SIZE];
	uint32_t i;

	dlfm_digest_start(r->digest);
	for (i = 0; i < r->content->n_frames; i++) {
		size_t size = dlfm_cache_frame_size(r->content, i);

		if (read_frame(r, i, offset, e) < 0)
			return dlfm_err_prefix(e, "%s", r->f->name);
		dlfm_digest_feed(r->digest, r->data, size);
		if (take && take(arg, r->data, size, e) != 0)
			return -1;
		offset += c->frames[r->content->first_frame + i];
	}
	dlfm_digest_end(r->digest, digest);
	if (memcmp(digest, r->content->digest, sizeof(digest)) == 0)
		return 0;
	dlfm_damaged(e, "the digest of the content at byte %llu is wrong",
		     (unsigned long long)(c->header.contents_offset + r->content->offset));
	return dlfm_err_prefix(e, "%s", r->f->name);
}

int dlfm_cache_read_content(const struct dlfm_cache_file *f, uint32_t i, dlfm_content_taker *take,
			    void *arg, struct dlfm_error *e)
{
	struct piece_reader r = {.f = f, .content = &f->cache->contents[i]};
	size_t size = dlfm_cache_frame_size(r.content, 0);
	int rc = -1;

	r.stored = malloc(ZSTD_compressBound(size));
	r.data = malloc(size + 1);
	r.digest = dlfm_digest_new();
	if (!r.stored || !r.data || !r.digest)
		dlfm_errf(e, "no memory");
	else
		rc = read_frames(&r, take, arg, e);
	if (rc < 0)
		dlfm_err_prefix(e, "content of %s", content_path(f->cache, i));
	free(r.stored);
	free(r.data);
	dlfm_digest_free(r.digest);
	return rc;
}
