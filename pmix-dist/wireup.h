/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the ranks of a helper find each other: each puts one value, and gets those of the ranks that
 * it needs.
 *
 * No barrier: PMIx_Fence is none in Slurm's default configuration and can hang. A get waits until
 * the rank has put its value, and never longer than its limit.
 *
 * wireup-pmix.c is the real one; tests/stage/wireup-dir.c, with files for values, tests the network
 * part alone.
 */
#ifndef DLFM_PMIX_WIREUP_H
#define DLFM_PMIX_WIREUP_H

#include <stddef.h>
#include <stdint.h>

#include "cache-tools/error.h"

struct wireup;

/*
 * Joins. Returns -1 with a text if there are several ranks but no PMIx server that connects them. A
 * process that was started alone, without a server, is rank 0 of 1.
 */
int wireup_open(struct wireup **w, struct dlfm_error *e);
uint32_t wireup_rank(const struct wireup *w);
uint32_t wireup_size(const struct wireup *w);
/* The node's name of a rank, "" if that is not known without asking it. Own rank: always known. */
void wireup_node(const struct wireup *w, uint32_t rank, char *name, size_t size);

/* What this node is called: by Slurm, else by gethostname(2). (node-name.c) */
void wireup_own_node(char *name, size_t size);

/* A value: name and bytes; the bytes are copied. After the last one: wireup_commit(). */
int wireup_put(struct wireup *w, const char *name, const void *data, size_t size,
	       struct dlfm_error *e);
int wireup_commit(struct wireup *w, struct dlfm_error *e);

struct wireup_get;
/* Starts to get a value; `wake`, an eventfd, is written when wireup_take() has an answer. NULL: no
 * memory. */
struct wireup_get *wireup_start(struct wireup *w, uint32_t rank, const char *name, double limit,
				int wake);
/* 1 and the value, 0 if it is not there yet, -1 with a text if there was an error or the limit has
 * passed. The value lives until wireup_end(). */
int wireup_take(struct wireup_get *g, const void **data, size_t *size, struct dlfm_error *e);
/* Ends it, answered or not. NULL is allowed. */
void wireup_end(struct wireup_get *g);

/*
 * Waits for the others, at most `limit` seconds. Only a hint: it may return at once, and it may take the whole limit
 * though all have come.
 */
void wireup_fence(struct wireup *w, double limit);
/* Leaves; may take long (see watchdog.h). Frees *w. */
void wireup_close(struct wireup *w);

#endif
