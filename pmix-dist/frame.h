/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes over a connection once both ends have proved themselves (auth.h): frames of a header, a
 * payload and a tag. The header is 16 bytes, little-endian: size of the payload (4), type (1), zero
 * (3), argument (8).
 */
#ifndef DLFM_PMIX_FRAME_H
#define DLFM_PMIX_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* The cache goes in chunks of this size; the last one may be smaller. */
#define CHUNK_SIZE ((size_t)256 * 1024)

enum { FRAME_HEADER_SIZE = 16, FRAME_CONTROL_MAX = 2048 };

enum frame_type {
	FRAME_PING = 1, /* I am alive. Nothing */
	FRAME_WELCOME,	/* parent to child. argument: bytes of the cache; payload: its header */
	FRAME_WANT, /* child to parent. argument: first chunk that the child or one below it needs
		     */
	FRAME_ROOM, /* child to parent. argument: first chunk that the child has no room for yet */
	FRAME_NO_WANT, /* child to parent: no node of its subtree needs data */
	FRAME_DATA,    /* parent to child. argument: number of the chunk */
	FRAME_REPORT,  /* child to parent. argument: rank; payload: report.h */
	FRAME_MOVED,  /* parent to child. argument: rank that rank 0 serves now: who expects it need
			 not wait */
	FRAME_FINISH, /* parent to child. argument: 0, or 1 if the root gave up; payload: why */
	FRAME_TYPES,
};

struct frame {
	enum frame_type type;
	uint32_t size;
	uint64_t arg;
};

void frame_pack(uint8_t header[FRAME_HEADER_SIZE], const struct frame *f);
/* -1 if it is not the header of a frame: unknown type, a size that this type cannot have. */
int frame_unpack(struct frame *f, const uint8_t header[FRAME_HEADER_SIZE]);

#endif
