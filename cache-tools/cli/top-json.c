/* SPDX-License-Identifier: BSD-3-Clause */
/* The sums as JSON. */
#include "config.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "cache-tools/cli/top.h"
#include "libdlfm/image.h"

static void add_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key,
			       json_object_new_int64(n > INT64_MAX ? INT64_MAX : (int64_t)n));
}

static struct json_object *sum_json(const struct top_sum *s)
{
	struct json_object *o = json_object_new_object();

	add_number(o, "lookups", s->lookups);
	add_number(o, "failed", s->failed);
	add_number(o, "bytes", s->bytes);
	add_number(o, "paths", s->paths);
	return o;
}

struct json_object *top_tree_json(const struct top_tree *t, uint32_t node, unsigned depth)
{
	struct json_object *o = sum_json(&t->nodes[node].sum), *list;
	uint32_t i;

	json_object_object_add(
		o, "name",
		json_object_new_string_len(t->nodes[node].name, (int)t->nodes[node].len));
	if (t->nodes[node].child == DLFM_NONE || depth <= 1)
		return o;
	list = json_object_new_array();
	for (i = t->nodes[node].child; i != DLFM_NONE; i = t->nodes[i].next)
		json_object_array_add(list, top_tree_json(t, i, depth - 1));
	json_object_object_add(o, "children", list);
	return o;
}

struct json_object *top_files_json(const struct dlfm_history *h, uint64_t lines)
{
	const struct dlfm_history_path **list = top_files(h);
	struct json_object *all = json_object_new_array(), *o;
	struct top_sum sum;
	uint32_t i;

	for (i = 0; list && i < h->n && i < lines && list[i]->lookups; i++) {
		sum = (struct top_sum){0};
		top_add(&sum, list[i]);
		o = sum_json(&sum);
		json_object_object_add(o, "path", json_object_new_string(list[i]->path));
		json_object_object_add(o, "kind",
				       json_object_new_string(top_kind_keys[top_kind_of(list[i])]));
		json_object_array_add(all, o);
	}
	free(list);
	return all;
}

struct json_object *top_kinds_json(const struct dlfm_history *h)
{
	struct json_object *o = json_object_new_object();
	struct top_sum sums[TOP_KINDS];
	int i;

	top_kinds(h, sums);
	for (i = 0; i < TOP_KINDS; i++)
		json_object_object_add(o, top_kind_keys[i], sum_json(&sums[i]));
	return o;
}
