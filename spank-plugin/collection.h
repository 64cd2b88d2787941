/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is to be done with the journals of a step on a node: a file in the journal directory, written by its first task,
 * read by dlfm-collect when the tasks have ended, both as the user.
 */
#ifndef DLFM_SPANK_COLLECTION_H
#define DLFM_SPANK_COLLECTION_H

#include "spank-plugin/ticket.h"

struct collection {
	struct ticket ticket;
	uint32_t nodes, node; /* of the step: how many, and which is this */
};

/* Writes it, if no other task has. -1 with a text. */
int collection_write(const struct collection *c, const char *journal, struct dlfm_error *e);
/* Reads it. -1 with a text. */
int collection_read(struct collection *c, const char *journal, struct dlfm_error *e);

#endif
