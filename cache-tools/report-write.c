/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a replay, as text and as JSON. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cache-tools/report.h"

static const char *const layer_names[] = {"", "dl", "fm"};

/* The names in the JSON; what is NULL is not told. */
static const char *const counter_names[DLFM_N_COUNTERS] = {
	[DLFM_COUNT_HIT] = "found",
	[DLFM_COUNT_ABSENT] = "absent",
	[DLFM_COUNT_RESOLVED] = "resolved",
	[DLFM_COUNT_OPEN] = "opened",
	[DLFM_COUNT_LIST] = "listed",
	[DLFM_COUNT_MISS] = "not_in_cache",
	[DLFM_COUNT_DIRTY] = "changed_by_job",
	[DLFM_COUNT_LOCAL] = "local",
	[DLFM_COUNT_WRITE] = "writes",
};

static uint64_t sum(const struct dlfm_report *r, int layer, const enum dlfm_counter *which, int n)
{
	uint64_t all = 0;
	int i, l;

	for (l = DLFM_LAYER_DL; l <= DLFM_LAYER_FM; l++)
		for (i = 0; i < n && (layer == 0 || layer == l); i++)
			all += r->counters[l][which[i]];
	return all;
}

uint64_t dlfm_report_answered(const struct dlfm_report *r, int layer)
{
	static const enum dlfm_counter which[] = {DLFM_COUNT_HIT, DLFM_COUNT_ABSENT,
						  DLFM_COUNT_RESOLVED, DLFM_COUNT_LIST};

	return sum(r, layer, which, 4);
}

uint64_t dlfm_report_passed(const struct dlfm_report *r, int layer)
{
	static const enum dlfm_counter which[] = {DLFM_COUNT_MISS, DLFM_COUNT_DIRTY};

	return sum(r, layer, which, 2);
}

static double percent(uint64_t part, uint64_t other)
{
	return part + other ? 100.0 * (double)part / (double)(part + other) : 100.0;
}

/* ---- text ---- */

static void print_layer(FILE *f, const struct dlfm_report *r, int layer)
{
	const uint64_t *n = r->counters[layer];
	uint64_t memory = dlfm_report_answered(r, layer), passed = dlfm_report_passed(r, layer);

	fprintf(f, "  layer %s: %" PRIu64 " from memory (%" PRIu64 " found, %" PRIu64 " absent",
		layer_names[layer], memory, n[DLFM_COUNT_HIT], n[DLFM_COUNT_ABSENT]);
	if (layer == DLFM_LAYER_DL)
		fprintf(f, ", %" PRIu64 " searches resolved", n[DLFM_COUNT_RESOLVED]);
	else
		fprintf(f, ", %" PRIu64 " listings", n[DLFM_COUNT_LIST]);
	fprintf(f,
		"; %" PRIu64 " files opened), %" PRIu64 " to the file system (%" PRIu64
		" not in the cache, %" PRIu64 " changed by the job)\n",
		n[DLFM_COUNT_OPEN], passed, n[DLFM_COUNT_MISS], n[DLFM_COUNT_DIRTY]);
}

static void print_misses(FILE *f, const struct dlfm_report *r, uint64_t lines)
{
	uint32_t i;

	if (r->n_misses == 0 || lines == 0)
		return;
	fprintf(f, "  most often to the file system:\n");
	for (i = 0; i < r->n_misses && i < lines; i++)
		fprintf(f, "  %8" PRIu64 "  %s%s\n", r->misses[i].count, r->misses[i].path,
			r->misses[i].absent ? "  (absent)" : "");
	if (i < r->n_misses)
		fprintf(f, "            and %u more\n", r->n_misses - i);
}

static void print_text(FILE *f, const struct dlfm_report *r, uint64_t lines)
{
	uint64_t memory = dlfm_report_answered(r, 0), passed = dlfm_report_passed(r, 0);

	fprintf(f, "dlfm: %u process%s, %" PRIu64 " lookups: %" PRIu64 " (%.1f %%) from memory, ",
		r->processes, r->processes == 1 ? "" : "es", memory + passed, memory,
		percent(memory, passed));
	fprintf(f, "%" PRIu64 " to the file system\n", passed);
	print_layer(f, r, DLFM_LAYER_DL);
	print_layer(f, r, DLFM_LAYER_FM);
	print_misses(f, r, lines);
	if (r->lost)
		fprintf(f, "  %u journal%s could not hold all paths: no space in node memory\n",
			r->lost, r->lost == 1 ? "" : "s");
}

/* ---- JSON ---- */

static struct json_object *layer_json(const struct dlfm_report *r, int layer)
{
	struct json_object *o = json_object_new_object();
	int i;

	for (i = 0; i < DLFM_N_COUNTERS; i++)
		if (counter_names[i])
			json_object_object_add(
				o, counter_names[i],
				json_object_new_int64((int64_t)r->counters[layer][i]));
	return o;
}

static struct json_object *misses_json(const struct dlfm_report *r, uint64_t lines)
{
	struct json_object *list = json_object_new_array(), *o, *layers;
	uint32_t i;
	int l;

	for (i = 0; i < r->n_misses && i < lines; i++) {
		o = json_object_new_object();
		layers = json_object_new_array();
		for (l = DLFM_LAYER_DL; l <= DLFM_LAYER_FM; l++)
			if (r->misses[i].layers & 1u << l)
				json_object_array_add(layers,
						      json_object_new_string(layer_names[l]));
		json_object_object_add(o, "path", json_object_new_string(r->misses[i].path));
		json_object_object_add(o, "count",
				       json_object_new_int64((int64_t)r->misses[i].count));
		json_object_object_add(o, "absent", json_object_new_boolean(r->misses[i].absent));
		json_object_object_add(o, "layers", layers);
		json_object_array_add(list, o);
	}
	return list;
}

static void print_json(FILE *f, const struct dlfm_report *r, uint64_t lines)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "schema", json_object_new_string("dlfm.report/1"));
	json_object_object_add(o, "processes", json_object_new_int((int)r->processes));
	json_object_object_add(o, "lost_journals", json_object_new_int((int)r->lost));
	json_object_object_add(o, "from_memory",
			       json_object_new_int64((int64_t)dlfm_report_answered(r, 0)));
	json_object_object_add(o, "to_file_system",
			       json_object_new_int64((int64_t)dlfm_report_passed(r, 0)));
	json_object_object_add(o, "dl", layer_json(r, DLFM_LAYER_DL));
	json_object_object_add(o, "fm", layer_json(r, DLFM_LAYER_FM));
	json_object_object_add(o, "distinct_misses", json_object_new_int64(r->n_misses));
	json_object_object_add(o, "misses", misses_json(r, lines));
	fprintf(f, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
							  JSON_C_TO_STRING_SPACED |
							  JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int dlfm_report_write(const struct dlfm_report *r, const char *file, int as_json, uint64_t lines,
		      struct dlfm_error *e)
{
	FILE *f = file ? fopen(file, "we") : stderr;
	int failed;

	if (!f)
		return dlfm_errnof(e, "%s: cannot be written", file);
	if (as_json)
		print_json(f, r, lines);
	else
		print_text(f, r, lines);
	failed = ferror(f);
	if (file)
		failed |= fclose(f) != 0;
	return failed ? dlfm_errnof(e, "%s: cannot be written", file ? file : "standard error") : 0;
}
