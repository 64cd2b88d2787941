/* SPDX-License-Identifier: BSD-3-Clause */
/* The cache file, of which the root is the only reader: opened, checked and read in a thread of its
 * own. */
#ifndef DLFM_PMIX_SOURCE_H
#define DLFM_PMIX_SOURCE_H

#include "pmix-dist/input.h"
#include "pmix-dist/ring.h"
#include "pmix-dist/worker.h"

enum source_state { SOURCE_OPENING, SOURCE_OPEN, SOURCE_FAILED };

struct source {
	enum source_state state;
	struct dlfm_error error; /* FAILED: why */
	struct input in;

	const char *path;
	enum dlfm_stale policy;
	double rate; /* bytes a second; 0: no limit */
	double next_read;
	struct worker *worker;
	struct ring *ring;
	struct job open, read;
	bool reading;
	uint64_t end; /* the job under way reads up to this chunk */
	int rc;
	struct dlfm_error job_error;
};

/* One chunk that is read again, for a child that comes too late for the ring. */
struct piece {
	struct job job;
	struct source *source;
	uint64_t number;
	bool busy, there, orphaned; /* orphaned: nobody wants it any more; freed when it is done */
	uint8_t bytes[CHUNK_SIZE];
};

/* Starts to open `path` (which must stay). -1: no thread. */
int source_init(struct source *s, const char *path, enum dlfm_stale policy, struct ring *ring,
		int wake);
/* Reads on into the ring's room; may be called at any time. */
void source_step(struct source *s, double now);
/* Seconds until source_step() should be called again because of the rate; a negative number: no
 * such need. */
double source_delay(const struct source *s, double now);
/* Starts to read chunk `number` into *p. */
void source_again(struct source *s, struct piece *p, uint64_t number);
void piece_free(struct piece *p); /* NULL is allowed */
bool source_end(struct source *s, double limit);

#endif
