/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection's life: made, greeted, checked, closed. Bytes in and out are conn-io.c's. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/conn-io.h"

static struct conn *conn_new(int fd, const struct endpoint *ep, const struct conn_ops *ops,
			     void *owner)
{
	struct conn *c = calloc(1, sizeof(*c));
	int on = 1;

	if (!c) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	c->fd = fd;
	c->ops = ops;
	c->owner = owner;
	c->opened = c->last_in = c->last_out = clock_now();
	memcpy(c->session.secret, ep->secret, AUTH_SECRET_SIZE);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return c;
}

struct conn *conn_connect(const struct endpoint *ep, unsigned i, uint32_t parent, uint32_t self,
			  const struct conn_ops *ops, void *owner)
{
	struct sockaddr_storage to;
	socklen_t size = endpoint_address(ep, i, &to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct conn *c = conn_new(fd, ep, ops, owner);

	if (!c)
		return NULL;
	c->state = CONN_CONNECTING;
	c->peer = c->session.parent = parent;
	c->session.child = self;
	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS))
		conn_close(c, "cannot connect: %s", strerror(errno));
	return c;
}

struct conn *conn_accept(int fd, const struct endpoint *ep, uint32_t self,
			 const struct conn_ops *ops, void *owner)
{
	struct conn *c = conn_new(fd, ep, ops, owner);

	if (!c)
		return NULL;
	c->state = CONN_HELLO;
	c->session.parent = self;
	return c;
}

void conn_close(struct conn *c, const char *format, ...)
{
	va_list ap;

	if (c->state == CONN_CLOSED)
		return;
	va_start(ap, format);
	vsnprintf(c->why, sizeof(c->why), format, ap);
	va_end(ap);
	c->state = CONN_CLOSED;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->chunk.busy = false;
}

void conn_free(struct conn *c)
{
	if (!c)
		return;
	conn_close(c, "closed");
	auth_stream_free(c->tags_in);
	auth_stream_free(c->tags_out);
	free(c->out.bytes);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* ---- greetings: the messages are described in auth.h ---- */

static const char magic[8] = "DLFMTRE1";

static void send_greeting(struct conn *c, const void *bytes, size_t size)
{
	if (conn_queue(c, bytes, size) < 0)
		conn_close(c, "no memory");
}

void conn_greet(struct conn *c)
{
	uint8_t hello[HELLO_SIZE];

	if (auth_random(c->session.nonce_child, AUTH_NONCE_SIZE) < 0) {
		conn_close(c, "no random bytes");
		return;
	}
	memcpy(hello, magic, sizeof(magic));
	put_u32(hello + 8, c->session.parent);
	put_u32(hello + 12, c->session.child);
	memcpy(hello + 16, c->session.nonce_child, AUTH_NONCE_SIZE);
	c->state = CONN_CHALLENGE;
	send_greeting(c, hello, sizeof(hello));
}

static void start_frames(struct conn *c, const char *label_in, const char *label_out)
{
	c->tags_in = auth_stream_new(&c->session, label_in);
	c->tags_out = auth_stream_new(&c->session, label_out);
	if (!c->tags_in || !c->tags_out) {
		conn_close(c, "libcrypto failed");
		return;
	}
	c->state = CONN_OPEN;
	c->ops->opened(c);
}

static void got_hello(struct conn *c)
{
	uint8_t challenge[CHALLENGE_SIZE];
	const uint8_t *p = c->in.bytes;

	if (memcmp(p, magic, sizeof(magic)) != 0 || get_u32(p + 8) != c->session.parent) {
		conn_close(c, "not a child's greeting");
		return;
	}
	c->peer = c->session.child = get_u32(p + 12);
	memcpy(c->session.nonce_child, p + 16, AUTH_NONCE_SIZE);
	if (auth_random(c->session.nonce_parent, AUTH_NONCE_SIZE) < 0 ||
	    auth_digest(challenge + AUTH_NONCE_SIZE, &c->session, "dlfm parent") < 0) {
		conn_close(c, "libcrypto failed");
		return;
	}
	memcpy(challenge, c->session.nonce_parent, AUTH_NONCE_SIZE);
	c->state = CONN_PROOF;
	send_greeting(c, challenge, sizeof(challenge));
}

static void got_challenge(struct conn *c)
{
	uint8_t proof[AUTH_PROOF_SIZE];

	memcpy(c->session.nonce_parent, c->in.bytes, AUTH_NONCE_SIZE);
	if (auth_digest(proof, &c->session, "dlfm parent") < 0 ||
	    !auth_equal(proof, c->in.bytes + AUTH_NONCE_SIZE, sizeof(proof))) {
		conn_close(c, "the peer does not know the secret");
		return;
	}
	if (auth_digest(proof, &c->session, "dlfm child") < 0) {
		conn_close(c, "libcrypto failed");
		return;
	}
	send_greeting(c, proof, sizeof(proof));
	if (c->state != CONN_CLOSED)
		start_frames(c, "dlfm frames down", "dlfm frames up");
}

static void got_proof(struct conn *c)
{
	uint8_t proof[AUTH_PROOF_SIZE];

	if (auth_digest(proof, &c->session, "dlfm child") < 0 ||
	    !auth_equal(proof, c->in.bytes, sizeof(proof))) {
		conn_close(c, "the peer does not know the secret");
		return;
	}
	start_frames(c, "dlfm frames up", "dlfm frames down");
}

size_t conn_greeting_size(const struct conn *c)
{
	switch (c->state) {
	case CONN_HELLO:
		return HELLO_SIZE;
	case CONN_CHALLENGE:
		return CHALLENGE_SIZE;
	case CONN_PROOF:
		return AUTH_PROOF_SIZE;
	default:
		return 0;
	}
}

void conn_got_greeting(struct conn *c)
{
	c->in.have = 0;
	if (c->state == CONN_HELLO)
		got_hello(c);
	else if (c->state == CONN_CHALLENGE)
		got_challenge(c);
	else
		got_proof(c);
}

/* ---- time ---- */

void conn_check(struct conn *c, double now, double limit)
{
	if (c->state == CONN_CLOSED)
		return;
	if (c->state != CONN_OPEN) {
		if (now - c->opened > limit)
			conn_close(c, "no greeting within %.0f s", limit);
		return;
	}
	if (now - c->last_in > limit)
		conn_close(c, "no answer for %.0f s", limit);
	else if (now - c->last_out > limit / 4 && conn_idle(c))
		conn_send(c, FRAME_PING, 0, NULL, 0);
}
