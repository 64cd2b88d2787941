/* SPDX-License-Identifier: BSD-3-Clause */
/* A node of the tree, as the files tree*.c share it. One thread owns all of it. */
#ifndef DLFM_PMIX_TREE_NODE_H
#define DLFM_PMIX_TREE_NODE_H

#include "pmix-dist/conn.h"
#include "pmix-dist/sink.h"
#include "pmix-dist/tree.h"

/* Name of the value that each rank puts. */
#define TREE_ENDPOINT "dlfm.endpoint"

enum { UNPROVED_MAX = 256, PARENT_ATTEMPTS = 8 };

enum want { WANT_UNDECIDED, WANT_YES, WANT_NO };

/* A node below this one. */
struct kid {
	uint32_t rank;
	struct conn *conn; /* NULL: expected */
	bool over;	   /* will not come, or went */
	bool told;	   /* has got the cache's header */
	bool finish_sent;  /* has got FRAME_FINISH */
	enum want want;
	uint64_t next;	     /* first chunk that it has not got */
	uint64_t room;	     /* first chunk that it has no room for */
	bool in_ring;	     /* chunks from `next` on are kept for it */
	struct piece *piece; /* rank 0: a chunk that left the ring */
};

enum parent_state { PARENT_NONE, PARENT_ASKED, PARENT_TRIED, PARENT_OPEN };

/* The node above this one. */
struct parent {
	enum parent_state state;
	uint32_t rank;
	unsigned attempts; /* to reach rank 0 */
	double since, again;
	struct wireup_get *get;
	struct conn *tries[ENDPOINT_ADDRESSES];
	unsigned n_tries;
	struct conn *conn;
	double chunk_begun; /* trace: when the chunk that comes in began */
	uint64_t room;	    /* ... and of its room */
	enum want told;	    /* what it knows of this node's want */
	char why[256];	    /* the last failure */
};

struct tree {
	const struct tree_options *o;
	struct stage_result *result;
	struct wireup *w;
	uint32_t rank, size;
	double start, now;
	int listener, wake;
	struct endpoint self;

	struct ring ring;
	struct source source; /* rank 0 */
	struct sink sink;
	bool told; /* own READY or FAILED is reported */
	bool have_header;
	uint8_t header[DLFM_CACHE_HEADER_SIZE];

	struct parent parent;
	struct kid **kids;
	size_t n_kids;
	struct conn *unproved[UNPROVED_MAX]; /* accepted, not yet proved */
	unsigned n_unproved;

	bool *moved; /* ranks that rank 0 serves, not the node above them */

	struct reports reports;
	double *deadline; /* rank 0: until when a rank without a word, or lost, may come; a negative
			     number: past */

	bool finished; /* rank 0 said, or says, that it is over */
	bool gave_up;  /* ... because it cannot read the cache */
	char finish_text[REPORT_TEXT_MAX];
	bool failed; /* this node is on its own: result->error */
};

/* tree.c */
void tree_fail(struct tree *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something is known of a rank: rank 0 keeps it, others send it on. */
void tree_report(struct tree *t, const struct report *r);

/* tree-parent.c */
void parent_start(struct tree *t);
void parent_step(struct tree *t);
/* Tells the parent whether data are wanted and how much there is room for, if that has changed. */
void parent_want(struct tree *t);
void parent_send_report(struct tree *t, const struct report *r);
void parent_free(struct tree *t);

/* tree-kids.c */
int kids_expect(struct tree *t);
void kids_accept(struct tree *t);
/* Rank 0 serves `rank` now. */
void kids_moved(struct tree *t, uint32_t rank);
/* Forgets connections that were closed, gives up children that do not come, sends what there is to
 * send. */
void kids_step(struct tree *t);
/* True if a child may still want data. */
bool kids_undecided(const struct tree *t);
bool kids_want(const struct tree *t);
/* True if no child is connected any more: all have heard that it is over. */
bool kids_gone(const struct tree *t);
void kids_free(struct tree *t);

/* tree-root.c: what only rank 0 does */
int root_start(struct tree *t);
void root_step(struct tree *t);
/* Takes a report on a node. */
void root_report(struct tree *t, const struct report *r);
/* Finds the names of nodes that never said theirs. */
void root_names(struct tree *t);

#endif
