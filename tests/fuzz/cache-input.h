/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a harness's input to a cache.dat that gets past the door: the input is the metadata, decompressed, and the frames of the
 * contents; header, sizes, counts and digests are made to fit what it says, so that only the rest can be wrong.
 */
#ifndef DLFM_FUZZ_CACHE_INPUT_H
#define DLFM_FUZZ_CACHE_INPUT_H

#include "cache-tools/cache-private.h"
#include "tests/fuzz/fuzz.h"

struct cache_input {
	uint8_t *raw; /* the metadata, which may be changed until cache_input_seal() */
	size_t raw_size;
	const uint8_t *contents; /* as they stand in the file */
	size_t contents_size;
	struct dlfm_cache_header h;
	uint8_t *stored; /* the metadata, compressed */
};

/*
 * Takes an input: 4 bytes tell the size of the metadata (if they tell too much: all), then come metadata and contents.
 * -1: too small.
 */
int cache_input_take(struct cache_input *in, const uint8_t *data, size_t size);
/* Makes the digests of the contents fit, if frames can be decompressed. */
void cache_input_digests(struct cache_input *in);
/* Compresses the metadata and makes the header. */
void cache_input_seal(struct cache_input *in);
/* The whole file, to be freed. */
uint8_t *cache_input_file(const struct cache_input *in, size_t *size);
void cache_input_free(struct cache_input *in);

#endif
