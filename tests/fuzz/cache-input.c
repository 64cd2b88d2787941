/* SPDX-License-Identifier: BSD-3-Clause */
/* From a harness's input to a cache.dat that gets past the door. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "cache-tools/cache-read.h"
#include "tests/fuzz/cache-input.h"

enum { LARGEST = 1 << 20 /* bytes of contents that are looked at */ };

int cache_input_take(struct cache_input *in, const uint8_t *data, size_t size)
{
	uint32_t n;

	memset(in, 0, sizeof(*in));
	if (size < sizeof(n) + sizeof(struct dlfm_disk_metadata))
		return -1;
	memcpy(&n, data, sizeof(n));
	data += sizeof(n);
	size -= sizeof(n);
	if (n > size || n < sizeof(struct dlfm_disk_metadata))
		n = (uint32_t)size;
	in->raw = fuzz_copy(data, n);
	in->raw_size = n;
	in->contents = data + n;
	in->contents_size = size - n;
	return 0;
}

/* The first element of an area and how many there are, as far as they lie inside. */
static uint8_t *area(const struct cache_input *in, size_t at, size_t element, uint64_t *n)
{
	struct dlfm_disk_area a;
	uint64_t offset;

	memcpy(&a, in->raw + at, sizeof(a));
	offset = dlfm_get64(a.offset);
	*n = dlfm_get64(a.count);
	if (offset > in->raw_size)
		offset = in->raw_size;
	if (*n > (in->raw_size - offset) / element)
		*n = (in->raw_size - offset) / element;
	return in->raw + offset;
}

#define AREA(in, field, type, n)                                                                   \
	area(in, offsetof(struct dlfm_disk_metadata, field), sizeof(type), n)

/* Decompresses as many frames as the content's size has. -1 if that cannot be. */
static int digest_of(const uint8_t *at, size_t left, uint64_t size, unsigned char *digest)
{
	uint8_t *out = malloc(LARGEST);
	size_t done = 0, n;

	while (done < size) {
		n = ZSTD_findFrameCompressedSize(at, left);
		if (ZSTD_isError(n) || n == 0)
			break;
		size = size < LARGEST ? size : LARGEST;
		const size_t got = ZSTD_decompress(out + done, LARGEST - done, at, n);

		if (ZSTD_isError(got) || got == 0)
			break;
		done += got;
		at += n;
		left -= n;
	}
	dlfm_digest_of(out, done, digest);
	free(out);
	return done == size ? 0 : -1;
}

void cache_input_digests(struct cache_input *in)
{
	struct dlfm_disk_content c;
	uint64_t n, i, offset;
	uint8_t *at = AREA(in, contents, c, &n);

	for (i = 0; i < n; i++, at += sizeof(c)) {
		memcpy(&c, at, sizeof(c));
		offset = dlfm_get64(c.offset);
		if (offset <= in->contents_size &&
		    digest_of(in->contents + offset, in->contents_size - offset, dlfm_get64(c.size),
			      c.digest) == 0)
			memcpy(at, &c, sizeof(c));
	}
}

static void count(struct cache_input *in)
{
	struct dlfm_disk_content c;
	struct dlfm_disk_entry e;
	uint64_t n, i, n_contents;
	const uint8_t *contents = AREA(in, contents, c, &n_contents), *at;

	in->h.n_contents = n_contents;
	for (i = 0; i < n_contents; i++) {
		memcpy(&c, contents + i * sizeof(c), sizeof(c));
		in->h.contents_size += dlfm_get64(c.size);
		in->h.contents_stored += dlfm_get64(c.stored);
	}
	at = AREA(in, entries, e, &n);
	in->h.n_entries = n;
	for (i = 0; i < n; i++) {
		memcpy(&e, at + i * sizeof(e), sizeof(e));
		if (dlfm_get32(e.content) >= n_contents)
			continue;
		memcpy(&c, contents + dlfm_get32(e.content) * sizeof(c), sizeof(c));
		in->h.n_files++;
		in->h.files_size += dlfm_get64(c.size);
	}
}

void cache_input_seal(struct cache_input *in)
{
	const size_t room = ZSTD_compressBound(in->raw_size);
	struct dlfm_disk_metadata head;

	memcpy(&head, in->raw, sizeof(head));
	count(in);
	in->stored = malloc(room);
	in->h.metadata_stored = ZSTD_compress(in->stored, room, in->raw, in->raw_size, 1);
	in->h.metadata_size = in->raw_size;
	in->h.metadata_offset = DLFM_CACHE_HEADER_SIZE;
	in->h.contents_offset = in->h.metadata_offset + in->h.metadata_stored;
	in->h.file_size = in->h.contents_offset + in->h.contents_stored;
	in->h.flags = dlfm_get32(head.flags);
	dlfm_digest_of(in->raw, in->raw_size, in->h.id);
}

uint8_t *cache_input_file(const struct cache_input *in, size_t *size)
{
	const size_t before = DLFM_CACHE_HEADER_SIZE + in->h.metadata_stored;
	uint8_t *file = malloc(before + in->contents_size);
	struct dlfm_disk_header d;

	dlfm_cache_header_encode(&d, &in->h);
	memcpy(file, &d, sizeof(d));
	memcpy(file + sizeof(d), in->stored, in->h.metadata_stored);
	if (in->contents_size)
		memcpy(file + before, in->contents, in->contents_size);
	*size = before + in->contents_size;
	return file;
}

void cache_input_free(struct cache_input *in)
{
	free(in->raw);
	free(in->stored);
}
