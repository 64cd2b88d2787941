/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzing what comes over the network and by PMIx: headers of frames, reports, endpoints. The first byte says which;
 * what is accepted is written back as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "pmix-dist/endpoint.h"
#include "pmix-dist/frame.h"
#include "pmix-dist/report.h"
#include "pmix-dist/verdict.h"
#include "tests/fuzz/fuzz.h"

enum { RANKS = 5 };

static void try_frame(const uint8_t *data, size_t size)
{
	uint8_t header[FRAME_HEADER_SIZE] = {0}, back[FRAME_HEADER_SIZE];
	struct frame f;

	memcpy(header, data, size < sizeof(header) ? size : sizeof(header));
	if (frame_unpack(&f, header) < 0)
		return;
	fuzz_check(f.type >= FRAME_PING && f.type < FRAME_TYPES, "a frame has a type");
	fuzz_check(f.size <= (f.type == FRAME_DATA ? CHUNK_SIZE : FRAME_CONTROL_MAX),
		   "a frame fits its buffer");
	frame_pack(back, &f);
	fuzz_check(memcmp(back, header, sizeof(back)) == 0, "a frame is packed as it came");
}

/* A text that goes to a terminal. */
static int is_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return 0;
	return 1;
}

static void try_report(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size), back[FRAME_CONTROL_MAX];
	struct report r, again;
	struct reports all;
	size_t n;

	if (report_unpack(&r, size % (RANKS + 1), RANKS, copy, size) == 0) {
		fuzz_check(r.rank < RANKS && r.parent < RANKS, "ranks are those of the step");
		fuzz_check(is_plain(r.node) && is_plain(r.text), "nothing a terminal obeys");
		n = report_pack(&r, back);
		fuzz_check(n <= sizeof(back) && report_unpack(&again, r.rank, RANKS, back, n) == 0,
			   "a report can be sent on");
		fuzz_check(reports_init(&all, RANKS) == 0, "there is memory");
		reports_put(&all, &r);
		again.kind = REPORT_AWAY;
		reports_put(&all, &again);
		reports_free(&all);
	}
	free(copy);
}

static void try_endpoint(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy(data, size), back[ENDPOINT_PACKED_MAX];
	struct sockaddr_storage to;
	struct endpoint ep;
	unsigned i;

	if (endpoint_unpack(&ep, copy, size) == 0) {
		fuzz_check(ep.n <= ENDPOINT_ADDRESSES, "addresses fit");
		for (i = 0; i < ep.n; i++)
			fuzz_check(endpoint_address(&ep, i, &to) <= sizeof(to), "an address fits");
		fuzz_check(endpoint_pack(&ep, back) <= sizeof(back), "an endpoint fits its buffer");
	}
	free(copy);
}

/* Names end with a NUL each. */
static void try_nodes(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *list;
	const char *names[64];
	size_t n = 0, at, room = 1 + size % 97 + 8;

	for (at = 0; at < size && n < 64; at += strlen(text + at) + 1)
		names[n++] = text + at;
	list = malloc(room);
	nodelist_format(list, room, names, n);
	fuzz_check(strlen(list) < room, "a list fits");
	free(list);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const tries[])(const uint8_t *, size_t) = {try_frame, try_report,
								 try_endpoint, try_nodes};

	if (size > 0)
		tries[data[0] % 4](data + 1, size - 1);
	return 0;
}
