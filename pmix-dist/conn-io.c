/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection's bytes: what waits to be sent, the chunk under way, the frame that is coming in. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/conn-io.h"

/* A peer that does not read reports for so long is given up. */
enum { QUEUE_MAX = 16 * 1024 * 1024 };

/* ---- out ---- */

int conn_queue(struct conn *c, const void *bytes, size_t size)
{
	size_t used = c->out.end - c->out.start;
	uint8_t *more;

	if (c->out.start > 0 && c->out.end + size > c->out.space) {
		memmove(c->out.bytes, c->out.bytes + c->out.start, used);
		c->out.start = 0;
		c->out.end = used;
	}
	if (c->out.end + size > c->out.space) {
		size_t space = 2 * (used + size);

		if (space > QUEUE_MAX || !(more = realloc(c->out.bytes, space)))
			return -1;
		c->out.bytes = more;
		c->out.space = space;
	}
	memcpy(c->out.bytes + c->out.end, bytes, size);
	c->out.end += size;
	return 0;
}

void conn_send(struct conn *c, enum frame_type type, uint64_t arg, const void *payload, size_t size)
{
	struct frame f = {.type = type, .size = (uint32_t)size, .arg = arg};
	uint8_t header[FRAME_HEADER_SIZE], tag[AUTH_TAG_SIZE];
	const struct iovec part[] = {{header, sizeof(header)}, {(void *)payload, size}};

	if (c->state != CONN_OPEN)
		return;
	frame_pack(header, &f);
	if (auth_stream_tag(c->tags_out, part, 2, tag) < 0)
		conn_close(c, "libcrypto failed");
	else if (conn_queue(c, header, sizeof(header)) < 0 ||
		 (size > 0 && conn_queue(c, payload, size) < 0) ||
		 conn_queue(c, tag, sizeof(tag)) < 0)
		conn_close(c, "too many frames wait to be sent");
}

bool conn_idle(const struct conn *c)
{
	return c->state == CONN_OPEN && !c->chunk.busy && c->out.start == c->out.end;
}

void conn_send_data(struct conn *c, uint64_t number, const uint8_t *payload, size_t size)
{
	struct frame f = {.type = FRAME_DATA, .size = (uint32_t)size, .arg = number};
	const struct iovec part[] = {{c->chunk.header, FRAME_HEADER_SIZE}, {(void *)payload, size}};

	frame_pack(c->chunk.header, &f);
	if (auth_stream_tag(c->tags_out, part, 2, c->chunk.tag) < 0) {
		conn_close(c, "libcrypto failed");
		return;
	}
	c->chunk.payload = payload;
	c->chunk.size = size;
	c->chunk.done = 0;
	c->chunk.busy = true;
}

/* What is left of the chunk under way: at most three parts. */
static int chunk_parts(const struct conn *c, struct iovec *left)
{
	const struct iovec all[] = {{(void *)c->chunk.header, FRAME_HEADER_SIZE},
				    {(void *)c->chunk.payload, c->chunk.size},
				    {(void *)c->chunk.tag, AUTH_TAG_SIZE}};
	size_t skip = c->chunk.done;
	int i, n = 0;

	for (i = 0; i < 3; i++) {
		if (skip >= all[i].iov_len) {
			skip -= all[i].iov_len;
			continue;
		}
		left[n].iov_base = (uint8_t *)all[i].iov_base + skip;
		left[n++].iov_len = all[i].iov_len - skip;
		skip = 0;
	}
	return n;
}

/* The kernel closes the connections of a process that ends; whether by FIN or RST depends on what
 * was unread. */
static void ended(struct conn *c, int error)
{
	if (error == ECONNRESET || error == EPIPE)
		conn_close(c, "its process ended");
	else
		conn_close(c, "the connection broke: %s", strerror(error));
}

/* Bytes sent; 0 if the socket is full, -1 if the connection was closed. */
static ssize_t send_parts(struct conn *c, struct iovec *part, int n)
{
	struct msghdr m = {.msg_iov = part, .msg_iovlen = (size_t)n};
	ssize_t sent = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent >= 0) {
		c->last_out = clock_now();
		return sent;
	}
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	ended(c, errno);
	return -1;
}

static void conn_write(struct conn *c)
{
	struct iovec part[3];
	ssize_t n;

	/* A chunk that has begun goes first: its tag's number came before those that wait. */
	if (c->chunk.busy) {
		n = send_parts(c, part, chunk_parts(c, part));
		if (n <= 0)
			return;
		c->chunk.done += (size_t)n;
		if (c->chunk.done < FRAME_HEADER_SIZE + c->chunk.size + AUTH_TAG_SIZE)
			return;
		c->chunk.busy = false;
		c->ops->sent(c);
	}
	if (c->state == CONN_CLOSED || c->out.start == c->out.end)
		return;
	/* `sent` may have begun the next chunk, whose number comes after those that wait. */
	part[0].iov_base = c->out.bytes + c->out.start;
	part[0].iov_len = c->out.end - c->out.start;
	n = send_parts(c, part, 1);
	if (n > 0)
		c->out.start += (size_t)n;
}

/* ---- in ---- */

/* Reads up to `want` bytes in all into `to`, of which `have` are there; true if all are. */
static bool fill(struct conn *c, uint8_t *to, size_t have, size_t want)
{
	ssize_t n;

	if (have == want)
		return true;
	n = recv(c->fd, to + have, want - have, MSG_DONTWAIT);
	if (n > 0) {
		c->last_in = clock_now();
		c->in.have += (size_t)n;
		return have + (size_t)n == want;
	}
	if (n == 0)
		ended(c, ECONNRESET);
	else if (errno != EAGAIN && errno != EINTR)
		ended(c, errno);
	return false;
}

/* Checks the tag of the frame that is complete. */
static bool authentic(struct conn *c, const uint8_t *payload, const uint8_t *tag)
{
	const struct iovec part[] = {{c->in.bytes, FRAME_HEADER_SIZE},
				     {(void *)payload, c->in.frame.size}};
	uint8_t right[AUTH_TAG_SIZE];

	if (auth_stream_tag(c->tags_in, part, 2, right) == 0 &&
	    auth_equal(right, tag, sizeof(right)))
		return true;
	if (c->in.frame.type == FRAME_DATA)
		conn_close(c, "chunk %llu arrived damaged", (unsigned long long)c->in.frame.arg);
	else
		conn_close(c, "a frame arrived damaged");
	return false;
}

/* A frame is complete: the next one may begin. True if it was a chunk. */
static bool frame_done(struct conn *c, const uint8_t *payload, const uint8_t *tag)
{
	struct frame f = c->in.frame;

	if (!authentic(c, payload, tag))
		return false;
	c->in.have = 0;
	c->in.header = false;
	c->in.chunk = NULL;
	if (f.type == FRAME_DATA)
		c->ops->data(c, &f);
	else if (f.type != FRAME_PING)
		c->ops->frame(c, &f, payload);
	return f.type == FRAME_DATA;
}

/* True while there may be more to read now. */
static bool read_frame(struct conn *c)
{
	uint8_t *tag = c->in.bytes + FRAME_HEADER_SIZE;
	size_t have;

	if (!c->in.header) {
		if (!fill(c, c->in.bytes, c->in.have, FRAME_HEADER_SIZE))
			return false;
		if (frame_unpack(&c->in.frame, c->in.bytes) < 0) {
			conn_close(c, "a frame arrived damaged");
			return false;
		}
		c->in.header = true;
	}
	have = c->in.have - FRAME_HEADER_SIZE;
	if (c->in.frame.type != FRAME_DATA) {
		if (!fill(c, tag, have, c->in.frame.size + AUTH_TAG_SIZE))
			return false;
		return !frame_done(c, tag, tag + c->in.frame.size);
	}
	if (!c->in.chunk && !(c->in.chunk = c->ops->room(c, &c->in.frame)))
		return false;
	if (have < c->in.frame.size) {
		if (!fill(c, c->in.chunk, have, c->in.frame.size))
			return false;
		have = c->in.frame.size;
	}
	have -= c->in.frame.size;
	return fill(c, tag, have, AUTH_TAG_SIZE) && !frame_done(c, c->in.chunk, tag);
}

void conn_read(struct conn *c)
{
	while (c->state != CONN_CLOSED) {
		size_t greeting = conn_greeting_size(c);

		if (greeting > 0) {
			if (!fill(c, c->in.bytes, c->in.have, greeting))
				return;
			conn_got_greeting(c);
		} else if (c->state != CONN_OPEN || !read_frame(c)) {
			return;
		}
	}
}

/* ---- both ---- */

short conn_events(const struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return 0;
	if (c->state == CONN_CONNECTING)
		return POLLOUT;
	return c->chunk.busy || c->out.start < c->out.end ? POLLIN | POLLOUT : POLLIN;
}

static void connected(struct conn *c)
{
	int error = 0;
	socklen_t size = sizeof(error);

	getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
	if (error != 0)
		conn_close(c, "cannot connect: %s", strerror(error));
	else
		conn_greet(c);
}

void conn_io(struct conn *c, short revents)
{
	if (revents == 0 || c->state == CONN_CLOSED)
		return;
	if (c->state == CONN_CONNECTING)
		connected(c);
	else if (revents & (POLLIN | POLLERR | POLLHUP))
		conn_read(c);
	if (c->state != CONN_CLOSED && (revents & POLLOUT))
		conn_write(c);
}
