/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One TCP connection between a parent and a child: non-blocking, proves both ends (auth.h), then
 * carries frames. Nothing here waits: the owner polls for conn_events(), calls conn_io() and, now
 * and then, conn_check().
 */
#ifndef DLFM_PMIX_CONN_H
#define DLFM_PMIX_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmix-dist/auth.h"
#include "pmix-dist/endpoint.h"
#include "pmix-dist/frame.h"

enum conn_state {
	CONN_CONNECTING, /* child: connect(2) is under way */
	CONN_HELLO,	 /* parent: waits for the child's greeting */
	CONN_CHALLENGE,	 /* child: waits for the parent's proof */
	CONN_PROOF,	 /* parent: waits for the child's proof */
	CONN_OPEN,
	CONN_CLOSED, /* conn->why says why; conn_free() it */
};

struct conn;

/* What the owner is told. A callback may close the connection, but not free it. */
struct conn_ops {
	/* Both ends are proved. */
	void (*opened)(struct conn *c);
	/* A frame other than FRAME_DATA and FRAME_PING, authentic; payload has f->size bytes. */
	void (*frame)(struct conn *c, const struct frame *f, const uint8_t *payload);
	/* Where chunk f->arg of f->size bytes shall go; NULL: nowhere, and the connection was
	 * closed. */
	uint8_t *(*room)(struct conn *c, const struct frame *f);
	/* That chunk is there, whole and authentic. */
	void (*data)(struct conn *c, const struct frame *f);
	/* The chunk given to conn_send_data() is out: its memory is no longer needed. */
	void (*sent)(struct conn *c);
};

struct conn {
	int fd;
	enum conn_state state;
	uint32_t peer; /* rank; a parent knows it from the greeting on */
	double opened, last_in, last_out;
	char why[160];
	const struct conn_ops *ops;
	void *owner;

	struct auth_session session;
	struct auth_stream *tags_in, *tags_out;

	struct {
		uint8_t bytes[FRAME_HEADER_SIZE + FRAME_CONTROL_MAX + AUTH_TAG_SIZE];
		size_t have; /* bytes of this greeting or frame */
		struct frame frame;
		bool header; /* frame is valid */
		uint8_t *chunk;
	} in;

	struct { /* greetings and control frames that wait */
		uint8_t *bytes;
		size_t start, end, space;
	} out;
	struct { /* the chunk that is being sent */
		uint8_t header[FRAME_HEADER_SIZE], tag[AUTH_TAG_SIZE];
		const uint8_t *payload;
		size_t size, done;
		bool busy;
	} chunk;
};

/*
 * A connection to `parent` at `ep`, by its address i; a closed one if that fails at once. NULL: no
 * memory.
 */
struct conn *conn_connect(const struct endpoint *ep, unsigned i, uint32_t parent, uint32_t self,
			  const struct conn_ops *ops, void *owner);
/* A connection that was accepted (fd is taken in any case); `self` is the endpoint and rank of this
 * node. */
struct conn *conn_accept(int fd, const struct endpoint *ep, uint32_t self,
			 const struct conn_ops *ops, void *owner);
void conn_close(struct conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void conn_free(struct conn *c); /* NULL is allowed */

/* Events for poll(2). */
short conn_events(const struct conn *c);
void conn_io(struct conn *c, short revents);

/* Queues a control frame. */
void conn_send(struct conn *c, enum frame_type type, uint64_t arg, const void *payload,
	       size_t size);
/* True if conn_send_data() may be called. */
bool conn_idle(const struct conn *c);
/* Sends a chunk, which must stay as it is until `sent` is called or the connection is closed. */
void conn_send_data(struct conn *c, uint64_t number, const uint8_t *payload, size_t size);

/* Closes a connection whose peer was not heard of for `limit` seconds; sends a ping if that is due.
 */
void conn_check(struct conn *c, double now, double limit);

#endif
