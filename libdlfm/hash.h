/* SPDX-License-Identifier: BSD-3-Clause */
/* The one hash of the image: XXH3, 64 bits, compiled in (no symbol, no library, no libc). */
#ifndef DLFM_HASH_H
#define DLFM_HASH_H

#include <stddef.h>
#include <stdint.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t dlfm_hash(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

static inline uint64_t dlfm_name_hash(uint32_t directory, uint32_t name)
{
	uint64_t h = ((uint64_t)directory << 32 | name) * 0x9e3779b97f4a7c15u;

	return h ^ h >> 32;
}

static inline uint64_t dlfm_resolution_hash(uint32_t table, uint64_t requester, uint64_t name)
{
	return (requester ^ table) * 0x9e3779b97f4a7c15u ^ name;
}

#endif
