/* SPDX-License-Identifier: BSD-3-Clause */
/* The header of cache.dat: 256 bytes that tell all sizes. */
#include <byteswap.h>
#include <string.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-read.h"

int dlfm_damaged(struct dlfm_error *e, const char *format, ...)
{
	va_list ap;
	char text[600];

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return dlfm_errf(e, "damaged: %s; copy it again from its source or record it anew", text);
}

/* Is `size`, which `stored` bytes claim to become, more than any honest file has? */
static int is_bomb(uint64_t stored, uint64_t size)
{
	return size > (1u << 20) && size / DLFM_CACHE_MAX_RATIO > stored;
}

static int check_identity(const struct dlfm_disk_header *d, size_t size, struct dlfm_error *e)
{
	unsigned char digest[DLFM_DIGEST_SIZE];
	uint32_t version;

	if (size == 0)
		return dlfm_errf(e, "is empty; record it anew");
	if (size < sizeof(d->magic) || memcmp(d->magic, DLFM_CACHE_MAGIC, sizeof(d->magic)) != 0)
		return dlfm_errf(
			e, "is not a cache: its first bytes are not those of one; name a file that "
			   "dlfm record or dlfm pack wrote");
	if (size < sizeof(*d))
		return dlfm_damaged(e, "ends at byte %zu, inside its header", size);
	version = dlfm_get32(d->version);
	if (version == bswap_32(DLFM_CACHE_VERSION) &&
	    dlfm_get32(d->header_size) == bswap_32(DLFM_CACHE_HEADER_SIZE))
		return dlfm_errf(
			e, "has the wrong byte order (byte 8): caches are little-endian; record it "
			   "anew");
	if (version != DLFM_CACHE_VERSION)
		return dlfm_errf(
			e,
			"has version %u of the format (byte 8), this dlfm reads version %d; use "
			"the dlfm that wrote it or record it anew",
			version, DLFM_CACHE_VERSION);
	dlfm_digest_of(d, offsetof(struct dlfm_disk_header, digest), digest);
	if (memcmp(digest, d->digest, sizeof(digest)) != 0)
		return dlfm_damaged(e, "the digest of its header (bytes 0 to 255) is wrong");
	return 0;
}

static void decode(struct dlfm_cache_header *h, const struct dlfm_disk_header *d)
{
	memcpy(h->id, d->id, sizeof(h->id));
	h->file_size = dlfm_get64(d->file_size);
	h->metadata_offset = dlfm_get64(d->metadata_offset);
	h->metadata_stored = dlfm_get64(d->metadata_stored);
	h->metadata_size = dlfm_get64(d->metadata_size);
	h->contents_offset = dlfm_get64(d->contents_offset);
	h->contents_stored = dlfm_get64(d->contents_stored);
	h->contents_size = dlfm_get64(d->contents_size);
	h->n_contents = dlfm_get64(d->n_contents);
	h->n_entries = dlfm_get64(d->n_entries);
	h->n_files = dlfm_get64(d->n_files);
	h->files_size = dlfm_get64(d->files_size);
	h->created = (int64_t)dlfm_get64(d->created);
	h->first_read = (int64_t)dlfm_get64(d->first_read);
	if (h->first_read == 0) /* written before there was this field */
		h->first_read = h->created;
	h->flags = dlfm_get64(d->flags);
}

void dlfm_cache_header_encode(struct dlfm_disk_header *d, const struct dlfm_cache_header *h)
{
	memset(d, 0, sizeof(*d));
	memcpy(d->magic, DLFM_CACHE_MAGIC, sizeof(d->magic));
	d->version = dlfm_put32(DLFM_CACHE_VERSION);
	d->header_size = dlfm_put32(DLFM_CACHE_HEADER_SIZE);
	memcpy(d->id, h->id, sizeof(d->id));
	d->file_size = dlfm_put64(h->file_size);
	d->metadata_offset = dlfm_put64(h->metadata_offset);
	d->metadata_stored = dlfm_put64(h->metadata_stored);
	d->metadata_size = dlfm_put64(h->metadata_size);
	d->contents_offset = dlfm_put64(h->contents_offset);
	d->contents_stored = dlfm_put64(h->contents_stored);
	d->contents_size = dlfm_put64(h->contents_size);
	d->n_contents = dlfm_put64(h->n_contents);
	d->n_entries = dlfm_put64(h->n_entries);
	d->n_files = dlfm_put64(h->n_files);
	d->files_size = dlfm_put64(h->files_size);
	d->created = dlfm_put64((uint64_t)h->created);
	d->first_read = dlfm_put64((uint64_t)h->first_read);
	d->flags = dlfm_put64(h->flags);
	dlfm_digest_of(d, offsetof(struct dlfm_disk_header, digest), d->digest);
}

static int check_sizes(const struct dlfm_cache_header *h, struct dlfm_error *e)
{
	if (h->metadata_offset != DLFM_CACHE_HEADER_SIZE || h->metadata_stored == 0 ||
	    h->metadata_stored > DLFM_CACHE_MAX_METADATA ||
	    h->contents_offset != h->metadata_offset + h->metadata_stored ||
	    h->contents_stored > UINT64_MAX - h->contents_offset ||
	    h->file_size != h->contents_offset + h->contents_stored)
		return dlfm_damaged(e, "the sizes in its header do not add up");
	if (h->metadata_size < sizeof(struct dlfm_disk_metadata) ||
	    h->metadata_size > DLFM_CACHE_MAX_METADATA ||
	    is_bomb(h->metadata_stored, h->metadata_size))
		return dlfm_damaged(e, "its header declares %llu bytes of metadata in %llu",
				    (unsigned long long)h->metadata_size,
				    (unsigned long long)h->metadata_stored);
	if (h->contents_size > DLFM_CACHE_MAX_CONTENT)
		return dlfm_damaged(e, "its header declares %llu bytes of contents",
				    (unsigned long long)h->contents_size);
	if (h->n_entries > h->metadata_size / sizeof(struct dlfm_disk_entry) ||
	    h->n_contents > h->metadata_size / sizeof(struct dlfm_disk_content) ||
	    h->n_files > h->n_entries || h->n_contents > h->n_files ||
	    h->files_size > DLFM_CACHE_MAX_CONTENT || h->files_size < h->contents_size)
		return dlfm_damaged(e, "the counts in its header do not fit its metadata");
	if (h->flags & ~(uint64_t)DLFM_CACHE_PARTIAL)
		return dlfm_damaged(e, "its header has unknown flags");
	return 0;
}

int dlfm_cache_header_decode(struct dlfm_cache_header *h, const void *bytes, size_t size,
			     struct dlfm_error *e)
{
	struct dlfm_disk_header d;

	memset(&d, 0, sizeof(d));
	memcpy(&d, bytes, size < sizeof(d) ? size : sizeof(d));
	if (check_identity(&d, size, e) < 0)
		return -1;
	decode(h, &d);
	return check_sizes(h, e);
}

int dlfm_cache_brief(struct dlfm_cache_brief *b, const void *header, size_t size,
		     struct dlfm_error *e)
{
	struct dlfm_cache_header h;

	if (dlfm_cache_header_decode(&h, header, size, e) < 0)
		return -1;
	memset(b, 0, sizeof(*b));
	dlfm_digest_text(b->id, h.id);
	b->file_size = h.file_size;
	b->metadata_size = h.metadata_size;
	b->content_size = h.contents_size;
	b->files_size = h.files_size;
	b->n_files = h.n_files;
	b->n_entries = h.n_entries;
	return 0;
}
