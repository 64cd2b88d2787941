/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers of frames. */
#include "pmix-dist/frame.h"
#include "pmix-dist/bytes.h"
#include "cache-tools/stage.h"

static const struct {
	uint32_t least, most;
} size_of[FRAME_TYPES] = {
	[FRAME_WELCOME] = {DLFM_CACHE_HEADER_SIZE, DLFM_CACHE_HEADER_SIZE},
	[FRAME_DATA] = {1, CHUNK_SIZE},
	[FRAME_REPORT] = {1, FRAME_CONTROL_MAX},
	[FRAME_FINISH] = {0, FRAME_CONTROL_MAX},
};

void frame_pack(uint8_t header[FRAME_HEADER_SIZE], const struct frame *f)
{
	put_u32(header, f->size);
	put_u32(header + 4, f->type);
	put_u64(header + 8, f->arg);
}

int frame_unpack(struct frame *f, const uint8_t header[FRAME_HEADER_SIZE])
{
	uint32_t type = get_u32(header + 4);

	if (type < FRAME_PING || type >= FRAME_TYPES)
		return -1;
	f->type = type;
	f->size = get_u32(header);
	f->arg = get_u64(header + 8);
	return f->size >= size_of[type].least && f->size <= size_of[type].most ? 0 : -1;
}
