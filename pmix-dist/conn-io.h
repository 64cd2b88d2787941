/* SPDX-License-Identifier: BSD-3-Clause */
/* What conn.c (a connection's life) and conn-io.c (its bytes) share. */
#ifndef DLFM_PMIX_CONN_IO_H
#define DLFM_PMIX_CONN_IO_H

#include "pmix-dist/bytes.h"
#include "pmix-dist/conn.h"

enum {
	HELLO_SIZE = 8 + 4 + 4 + AUTH_NONCE_SIZE,
	CHALLENGE_SIZE = AUTH_NONCE_SIZE + AUTH_PROOF_SIZE,
};

/* Appends bytes to what waits to be sent; -1: no memory. */
int conn_queue(struct conn *c, const void *bytes, size_t size);
/* Reads what is there, at most one chunk. */
void conn_read(struct conn *c);

/* The connection is made: the child greets. */
void conn_greet(struct conn *c);
/* Bytes of the greeting that comes next, and what to do when they are in c->in.bytes. */
size_t conn_greeting_size(const struct conn *c);
void conn_got_greeting(struct conn *c);

#endif
