/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of a node: reports travel up the tree, the root makes the verdict of them. Each
 * node keeps the latest report on every node below it, so that it can tell all of them again to a
 * new parent.
 */
#ifndef DLFM_PMIX_REPORT_H
#define DLFM_PMIX_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "pmix-dist/endpoint.h"
#include "pmix-dist/frame.h"

enum report_kind {
	REPORT_NONE,
	REPORT_JOINED, /* it is connected to `parent` */
	REPORT_AWAY,   /* `parent` lost it, or waited for it in vain; it may join elsewhere */
	REPORT_READY,  /* it has the image */
	REPORT_FAILED, /* it will not have it, and says why */
	REPORT_KINDS,
};

enum { REPORT_TEXT_MAX = 1024 };

struct report {
	enum report_kind kind;
	uint32_t rank, parent;
	char node[ENDPOINT_NODE_MAX]; /* "" if not known */
	char text[REPORT_TEXT_MAX];   /* AWAY, FAILED: why */
};

/* As the payload of a FRAME_REPORT, whose argument is the rank. */
size_t report_pack(const struct report *r, uint8_t out[FRAME_CONTROL_MAX]);
/* -1 if the bytes are not a report on one of `n` ranks. */
int report_unpack(struct report *r, uint64_t rank, uint32_t n, const uint8_t *data, size_t size);

/* The latest report on each of `n` ranks, NULL if there is none. */
struct reports {
	uint32_t n;
	struct report **of;
};

int reports_init(struct reports *all, uint32_t n);
void reports_free(struct reports *all);
/*
 * Takes a report unless it is older than what is known: READY and FAILED are final, and of AWAY
 * only that counts which comes from the parent that the node joined last. Returns the report as it
 * is kept, or NULL if it does not count (or there is no memory).
 */
struct report *reports_put(struct reports *all, const struct report *r);
/* Forgets the report on a rank. */
void reports_drop(struct reports *all, uint32_t rank);

#endif
