/* SPDX-License-Identifier: BSD-3-Clause */
/* The sums as text. */
#include "config.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache-tools/cli/cli.h"
#include "cache-tools/cli/top.h"
#include "libdlfm/image.h"

static const char head[] = " lookups   failed        bytes  share";

static double share(uint64_t part, uint64_t all)
{
	return all ? 100.0 * (double)part / (double)all : 0;
}

static void print_sum(const struct top_sum *s, uint64_t all)
{
	char bytes[16];

	printf("%8" PRIu64 " %8" PRIu64 " %12s %4.1f %%  ", s->lookups, s->failed,
	       s->bytes ? cli_size(bytes, s->bytes) : "-", share(s->lookups, all));
}

static void print_name(const struct top_tree *t, uint32_t i)
{
	char name[NAME_MAX + 1];

	snprintf(name, sizeof(name), "%.*s", (int)t->nodes[i].len, t->nodes[i].name);
	cli_print_path(name);
	if (i && t->nodes[i].child != DLFM_NONE)
		putchar('/');
}

static void print_node(const struct top_tree *t, uint32_t node, unsigned level, unsigned depth);

/* What has less than one part in a hundred of all, and what is too deep, is summed up. */
static void print_children(const struct top_tree *t, uint32_t node, unsigned level, unsigned depth)
{
	const uint64_t all = t->nodes[0].sum.lookups;
	struct top_sum rest = {0};
	uint32_t i, more = 0;

	for (i = t->nodes[node].child; i != DLFM_NONE; i = t->nodes[i].next) {
		if (t->nodes[i].sum.lookups && t->nodes[i].sum.lookups >= all / 100) {
			print_node(t, i, level, depth);
			continue;
		}
		more++;
		rest.lookups += t->nodes[i].sum.lookups;
		rest.failed += t->nodes[i].sum.failed;
		rest.bytes += t->nodes[i].sum.bytes;
	}
	if (!more)
		return;
	print_sum(&rest, all);
	printf("%*s... %" PRIu32 " more\n", (int)(2 * level), "", more);
}

static void print_node(const struct top_tree *t, uint32_t node, unsigned level, unsigned depth)
{
	uint32_t only;

	print_sum(&t->nodes[node].sum, t->nodes[0].sum.lookups);
	printf("%*s", (int)(2 * level), "");
	print_name(t, node);
	while ((only = top_only_child(t, node)) != DLFM_NONE) {
		node = only;
		print_name(t, node);
	}
	putchar('\n');
	if (level + 1 < depth)
		print_children(t, node, level + 1, depth);
}

void top_print_tree(const struct top_tree *t, unsigned depth)
{
	puts(head);
	print_node(t, 0, 0, depth);
}

void top_print_files(const struct dlfm_history *h, uint64_t lines, uint64_t all)
{
	const struct dlfm_history_path **list = top_files(h);
	struct top_sum sum;
	uint32_t i;

	puts(head);
	for (i = 0; list && i < h->n && i < lines && list[i]->lookups; i++) {
		sum = (struct top_sum){0};
		top_add(&sum, list[i]);
		print_sum(&sum, all);
		cli_print_path(list[i]->path);
		putchar('\n');
	}
	free(list);
}

void top_print_kinds(const struct dlfm_history *h, uint64_t all)
{
	struct top_sum sums[TOP_KINDS];
	int i;

	top_kinds(h, sums);
	puts(head);
	for (i = 0; i < TOP_KINDS; i++) {
		if (!sums[i].paths)
			continue;
		print_sum(&sums[i], all);
		printf("%s (%" PRIu64 " paths)\n", top_kind_names[i], sums[i].paths);
	}
}
