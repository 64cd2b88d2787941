/* SPDX-License-Identifier: BSD-3-Clause */
/* Printing and resetting counts while the file system is mounted. */
#include "bench/slowfs/control.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/slowfs/state.h"

static uint64_t get(_Atomic uint64_t *v)
{
	return atomic_load(v);
}

static uint64_t requests(struct slowfs_state *st)
{
	uint64_t n = 0;

	for (int i = 0; i < KIND_UNWAITED; i++)
		n += get(&st->count[i]);
	return n;
}

static void print_text(struct slowfs_state *st)
{
	for (int i = 0; i < KIND_UNWAITED; i++) {
		if (get(&st->count[i]) == 0)
			continue;
		printf("%-12s %10" PRIu64, slowfs_kind_name(i), get(&st->count[i]));
		if (i == KIND_LOOKUP)
			printf("   (%" PRIu64 " absent)", get(&st->absent));
		putchar('\n');
	}
	printf("%-12s %10" PRIu64 "\n", "requests", requests(st));
	printf("read %.1f MB, written %.1f MB; server busy %.3f s, requests waited %.3f s in all\n",
	       (double)get(&st->bytes_read) / 1e6, (double)get(&st->bytes_written) / 1e6,
	       (double)get(&st->service_ns) / 1e9, (double)get(&st->waited_ns) / 1e9);
}

static void print_json(struct slowfs_state *st)
{
	printf("{\"version\": 1, \"requests\": %" PRIu64 ", \"absent\": %" PRIu64 ", \"kinds\": {",
	       requests(st), get(&st->absent));
	for (int i = 0; i < KIND_COUNT; i++)
		printf("%s\"%s\": %" PRIu64, i ? ", " : "", slowfs_kind_name(i),
		       get(&st->count[i]));
	printf("}, \"bytes_read\": %" PRIu64 ", \"bytes_written\": %" PRIu64
	       ", \"server_busy_seconds\": %.6f, \"waited_seconds\": %.6f}\n",
	       get(&st->bytes_read), get(&st->bytes_written), (double)get(&st->service_ns) / 1e9,
	       (double)get(&st->waited_ns) / 1e9);
}

int slowfs_print_counts(const char *state_file, int json)
{
	struct slowfs_state *st = slowfs_state_view(state_file);

	if (!st)
		return 1;
	if (json)
		print_json(st);
	else
		print_text(st);
	return 0;
}

int slowfs_reset_counts(const char *state_file)
{
	struct slowfs_state *st = slowfs_state_view(state_file);

	if (!st)
		return 1;
	slowfs_state_reset(st);
	return 0;
}
