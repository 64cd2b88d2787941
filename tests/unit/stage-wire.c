/* SPDX-License-Identifier: BSD-3-Clause */
/* What the staging helper's nodes send each other, as bytes: good ones come back, others are refused. */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "pmix-dist/endpoint.h"
#include "pmix-dist/frame.h"
#include "pmix-dist/report.h"

static void test_frames(void **state)
{
	const struct {
		enum frame_type type;
		uint32_t size;
		int rc;
	} table[] = {
		{FRAME_PING, 0, 0},
		{FRAME_PING, 1, -1},
		{FRAME_WELCOME, DLFM_CACHE_HEADER_SIZE, 0},
		{FRAME_WELCOME, DLFM_CACHE_HEADER_SIZE - 1, -1},
		{FRAME_DATA, CHUNK_SIZE, 0},
		{FRAME_DATA, CHUNK_SIZE + 1, -1},
		{FRAME_DATA, 0, -1},
		{FRAME_REPORT, FRAME_CONTROL_MAX, 0},
		{FRAME_REPORT, FRAME_CONTROL_MAX + 1, -1},
		{FRAME_FINISH, 0xffffffff, -1},
		{FRAME_TYPES, 0, -1},
		{0, 0, -1},
		{FRAME_PING | 1 << 8, 0, -1},
	};
	uint8_t header[FRAME_HEADER_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct frame f = {table[i].type, table[i].size, 0x123456789abcdef0};
		struct frame g;

		frame_pack(header, &f);
		assert_int_equal(frame_unpack(&g, header), table[i].rc);
		if (table[i].rc == 0) {
			assert_int_equal(g.type, f.type);
			assert_int_equal(g.size, f.size);
			assert_int_equal(g.arg, f.arg);
		}
	}
}

static void test_endpoint(void **state)
{
	uint8_t bytes[ENDPOINT_PACKED_MAX];
	struct endpoint ep, back;
	struct sockaddr_storage to;
	struct dlfm_error e;
	size_t size, i;
	int fd = endpoint_listen(&ep, "node17", NULL, &e);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	size = endpoint_pack(&ep, bytes);
	assert_int_equal(endpoint_unpack(&back, bytes, size), 0);
	assert_string_equal(back.node, "node17");
	assert_int_equal(back.port, ep.port);
	assert_int_equal(back.n, ep.n);
	assert_memory_equal(back.secret, ep.secret, AUTH_SECRET_SIZE);
	for (i = 0; i < size; i++)
		assert_int_equal(endpoint_unpack(&back, bytes, i), -1);
	bytes[0] ^= 1;
	assert_int_equal(endpoint_unpack(&back, bytes, size), -1);

	ep.n = 2;
	ep.port = 4711;
	inet_pton(AF_INET6, "::ffff:10.1.2.3", &ep.address[0]);
	inet_pton(AF_INET6, "fd00::7", &ep.address[1]);
	assert_int_equal(endpoint_address(&ep, 0, &to), sizeof(struct sockaddr_in));
	assert_int_equal(((struct sockaddr_in *)&to)->sin_port, htons(4711));
	assert_int_equal(((struct sockaddr_in *)&to)->sin_addr.s_addr, htonl(0x0a010203));
	assert_int_equal(endpoint_address(&ep, 1, &to), sizeof(struct sockaddr_in6));
}

static void test_interfaces(void **state)
{
	struct endpoint ep;
	struct dlfm_error e;
	int fd = endpoint_listen(&ep, "n", "ib*,l[o]", &e);

	(void)state;
	assert_true(fd >= 0);
	assert_true(ep.n >= 1); /* loopback: nothing else matches */
	close(fd);
	assert_int_equal(endpoint_listen(&ep, "n", "nonesuch*", &e), -1);
	assert_string_equal(
		e.text, "no network interface that is up matches 'nonesuch*'; see --interfaces");
}

static void test_report_bytes(void **state)
{
	struct report r = {.kind = REPORT_FAILED, .rank = 4, .parent = 1, .node = "n4"}, back;
	uint8_t bytes[FRAME_CONTROL_MAX];
	size_t size, i;

	(void)state;
	memset(r.text, 'x', sizeof(r.text) - 1);
	r.text[3] = '\n';
	r.text[4] = '\033';
	size = report_pack(&r, bytes);
	assert_int_equal(report_unpack(&back, 4, 5, bytes, size), 0);
	assert_string_equal(back.node, "n4");
	assert_int_equal(back.parent, 1);
	assert_int_equal(strlen(back.text), REPORT_TEXT_MAX - 1);
	assert_memory_equal(back.text, "xxx  xxx", 8); /* one line, nothing that a terminal obeys */
	assert_int_equal(report_unpack(&back, 5, 5, bytes, size), -1);
	assert_int_equal(report_unpack(&back, 4, 1, bytes, size), -1);
	for (i = 0; i < size; i++)
		assert_int_equal(report_unpack(&back, 4, 5, bytes, i), -1);
	bytes[0] = REPORT_KINDS;
	assert_int_equal(report_unpack(&back, 4, 5, bytes, size), -1);
}

/* A peer that knows the secret but is hostile: no bytes lead out of the buffers (run under valgrind or ASan). */
static void test_random_bytes(void **state)
{
	uint8_t bytes[FRAME_CONTROL_MAX];
	struct endpoint ep;
	struct report r;
	struct frame f;

	(void)state;
	srand(1);
	for (int i = 0; i < 200000; i++) {
		size_t size = (size_t)rand() % sizeof(bytes), k;

		for (k = 0; k < 64; k++)
			bytes[k] = (uint8_t)rand();
		if (i % 2)
			memcpy(bytes, "DLFMEP1", 8);
		frame_unpack(&f, bytes);
		endpoint_unpack(&ep, bytes, size % ENDPOINT_PACKED_MAX);
		if (report_unpack(&r, (unsigned)rand() % 8, 8, bytes, size) == 0)
			assert_true(strlen(r.text) < REPORT_TEXT_MAX);
	}
}

static struct report a_report(enum report_kind kind, uint32_t rank, uint32_t parent)
{
	return (struct report){.kind = kind, .rank = rank, .parent = parent};
}

static void test_reports(void **state)
{
	struct reports all;
	struct report r;

	(void)state;
	assert_int_equal(reports_init(&all, 4), 0);
	r = a_report(REPORT_JOINED, 3, 1);
	strcpy(r.node, "n3");
	assert_non_null(reports_put(&all, &r));
	r = a_report(REPORT_JOINED, 3, 0); /* it went to rank 0 */
	assert_non_null(reports_put(&all, &r));
	r = a_report(REPORT_AWAY, 3, 1); /* what its former parent says is old */
	assert_null(reports_put(&all, &r));
	r = a_report(REPORT_AWAY, 3, 0);
	assert_non_null(reports_put(&all, &r));
	r = a_report(REPORT_READY, 3, 0);
	assert_non_null(reports_put(&all, &r));
	assert_string_equal(all.of[3]->node, "n3"); /* the name is kept */
	r = a_report(REPORT_FAILED, 3, 0);
	assert_null(reports_put(&all, &r));
	assert_int_equal(all.of[3]->kind, REPORT_READY);
	reports_drop(&all, 3);
	assert_null(all.of[3]);
	reports_free(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),	     cmocka_unit_test(test_endpoint),
		cmocka_unit_test(test_interfaces),   cmocka_unit_test(test_report_bytes),
		cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
