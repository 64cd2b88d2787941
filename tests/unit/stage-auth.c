/* SPDX-License-Identifier: BSD-3-Clause */
/* The staging helper's proofs and frame tags, and two ends of a connection that use them. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pmix-dist/auth.h"
#include "pmix-dist/conn.h"

static void fill(struct auth_session *s)
{
	memset(s, 0, sizeof(*s));
	memset(s->secret, 0x0b, sizeof(s->secret));
	s->parent = 1;
	s->child = 3;
	memset(s->nonce_parent, 2, AUTH_NONCE_SIZE);
	memset(s->nonce_child, 3, AUTH_NONCE_SIZE);
}

/* All that a proof is bound to changes it. */
static void test_proof(void **state)
{
	uint8_t right[AUTH_PROOF_SIZE], other[AUTH_PROOF_SIZE];
	struct auth_session s, t;

	(void)state;
	fill(&s);
	assert_int_equal(auth_digest(right, &s, "dlfm parent"), 0);
	assert_int_equal(auth_digest(other, &s, "dlfm parent"), 0);
	assert_true(auth_equal(right, other, sizeof(right)));
	assert_int_equal(auth_digest(other, &s, "dlfm child"), 0);
	assert_false(auth_equal(right, other, sizeof(right)));
	for (int i = 0; i < 5; i++) {
		t = s;
		t.secret[31] ^= i == 0;
		t.parent += i == 1;
		t.child += i == 2;
		t.nonce_parent[0] ^= i == 3;
		t.nonce_child[31] ^= i == 4;
		assert_int_equal(auth_digest(other, &t, "dlfm parent"), 0);
		assert_false(auth_equal(right, other, sizeof(right)));
	}
}

static void tag(struct auth_stream *a, const char *text, uint8_t out[AUTH_TAG_SIZE])
{
	const struct iovec part[] = {{(void *)text, 4}, {(void *)(text + 4), strlen(text) - 4}};

	assert_int_equal(auth_stream_tag(a, part, 2, out), 0);
}

/* A replayed, a left out, a reflected and a changed frame do not verify. */
static void test_tags(void **state)
{
	uint8_t one[AUTH_TAG_SIZE], two[AUTH_TAG_SIZE], got[AUTH_TAG_SIZE];
	struct auth_stream *out, *in, *back;
	struct auth_session s;

	(void)state;
	fill(&s);
	out = auth_stream_new(&s, "down");
	in = auth_stream_new(&s, "down");
	back = auth_stream_new(&s, "up");
	assert_non_null(out);
	assert_non_null(in);
	assert_non_null(back);
	tag(out, "frame one", one);
	tag(out, "frame one", two);
	assert_memory_not_equal(one, two, sizeof(one));
	tag(back, "frame one", got);
	assert_memory_not_equal(one, got, sizeof(one));
	tag(in, "frame one", got);
	assert_memory_equal(one, got, sizeof(one));
	tag(in, "frame onf", got);
	assert_memory_not_equal(two, got, sizeof(two));
	tag(in, "frame one", got); /* the third, where the first is replayed */
	assert_memory_not_equal(one, got, sizeof(one));
	auth_stream_free(out);
	auth_stream_free(in);
	auth_stream_free(back);
}

static void test_random(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	assert_int_equal(auth_random(a, sizeof(a)), 0);
	assert_int_equal(auth_random(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* ---- two ends ---- */

struct end {
	int opened, frames, chunks, sent;
	uint64_t arg;
	uint8_t memory[CHUNK_SIZE];
};

static void opened(struct conn *c)
{
	((struct end *)c->owner)->opened++;
}

static void frame(struct conn *c, const struct frame *f, const uint8_t *payload)
{
	struct end *e = c->owner;

	(void)payload;
	e->frames++;
	e->arg = f->arg;
}

static uint8_t *room(struct conn *c, const struct frame *f)
{
	(void)f;
	return ((struct end *)c->owner)->memory;
}

static void data(struct conn *c, const struct frame *f)
{
	struct end *e = c->owner;

	e->chunks++;
	e->arg = f->arg;
}

static void sent(struct conn *c)
{
	((struct end *)c->owner)->sent++;
}

static const struct conn_ops ops = {opened, frame, room, data, sent};

/* Serves both ends until nothing happens any more. */
static void serve(struct conn *a, struct conn *b)
{
	for (int quiet = 0; quiet < 3;) {
		struct pollfd p[] = {{a->fd, conn_events(a), 0}, {b->fd, conn_events(b), 0}};

		if (poll(p, 2, 20) == 0)
			quiet++;
		conn_io(a, p[0].revents);
		conn_io(b, p[1].revents);
	}
}

/* A parent that has secret `ours` and a child that was given `theirs`. */
static void connect_ends(struct end end[2], struct conn *c[2], uint8_t ours, uint8_t theirs)
{
	struct endpoint ep, wrong;
	struct dlfm_error e;
	int listener = endpoint_listen(&ep, "here", "lo", &e), fd;

	assert_true(listener >= 0);
	memset(end, 0, 2 * sizeof(end[0]));
	wrong = ep;
	memset(ep.secret, ours, sizeof(ep.secret));
	memset(wrong.secret, theirs, sizeof(wrong.secret));
	c[1] = conn_connect(&wrong, 0, 1, 3, &ops, &end[1]);
	for (int i = 0; i < 100 && (fd = accept(listener, NULL, NULL)) < 0; i++)
		usleep(1000);
	assert_true(fd >= 0);
	c[0] = conn_accept(fd, &ep, 1, &ops, &end[0]);
	assert_non_null(c[0]);
	assert_non_null(c[1]);
	serve(c[0], c[1]);
	close(listener);
}

static void free_ends(struct conn *c[2])
{
	conn_free(c[0]);
	conn_free(c[1]);
}

static void test_connection(void **state)
{
	static struct end end[2];
	static uint8_t chunk[CHUNK_SIZE];
	struct conn *c[2];

	(void)state;
	connect_ends(end, c, 7, 7);
	assert_int_equal(end[0].opened, 1);
	assert_int_equal(end[1].opened, 1);
	assert_int_equal(c[0]->peer, 3);
	conn_send(c[1], FRAME_WANT, 42, NULL, 0);
	serve(c[0], c[1]);
	assert_int_equal(end[0].frames, 1);
	assert_int_equal(end[0].arg, 42);
	memset(chunk, 9, sizeof(chunk));
	assert_true(conn_idle(c[0]));
	conn_send_data(c[0], 5, chunk, sizeof(chunk));
	assert_false(conn_idle(c[0]));
	conn_send(c[0], FRAME_FINISH, 0, NULL, 0);
	serve(c[0], c[1]);
	assert_int_equal(end[0].sent, 1);
	assert_int_equal(end[1].chunks, 1);
	assert_int_equal(end[1].frames, 1);
	assert_memory_equal(end[1].memory, chunk, sizeof(chunk));
	free_ends(c);
}

static void test_wrong_secret(void **state)
{
	static struct end end[2];
	struct conn *c[2];

	(void)state;
	connect_ends(end, c, 7, 8);
	assert_int_equal(end[0].opened + end[1].opened, 0);
	assert_int_equal(c[0]->state, CONN_CLOSED);
	assert_int_equal(c[1]->state, CONN_CLOSED);
	assert_string_equal(c[1]->why, "the peer does not know the secret");
	free_ends(c);
}

static void test_foreign_frame(void **state)
{
	static struct end end[2];
	uint8_t bytes[FRAME_HEADER_SIZE + AUTH_TAG_SIZE] = {0};
	const struct frame finish = {.type = FRAME_FINISH};
	struct conn *c[2];

	(void)state;
	connect_ends(end, c, 7, 7);
	frame_pack(bytes, &finish);
	assert_int_equal(send(c[0]->fd, bytes, sizeof(bytes), 0), (ssize_t)sizeof(bytes));
	serve(c[0], c[1]);
	assert_int_equal(end[1].frames, 0);
	assert_int_equal(c[1]->state, CONN_CLOSED);
	assert_string_equal(c[1]->why, "a frame arrived damaged");
	free_ends(c);
}

static void test_silence(void **state)
{
	static struct end end[2];
	struct conn *c[2];

	(void)state;
	connect_ends(end, c, 7, 7);
	conn_check(c[0], c[0]->last_out + 3, 10);
	assert_false(conn_idle(c[0])); /* a ping is due */
	conn_check(c[0], c[0]->last_in + 11, 10);
	assert_int_equal(c[0]->state, CONN_CLOSED);
	assert_string_equal(c[0]->why, "no answer for 10 s");
	free_ends(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proof),	     cmocka_unit_test(test_tags),
		cmocka_unit_test(test_random),	     cmocka_unit_test(test_connection),
		cmocka_unit_test(test_wrong_secret), cmocka_unit_test(test_foreign_frame),
		cmocka_unit_test(test_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
