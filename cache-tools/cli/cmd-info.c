/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm info: what a cache is, where it comes from, how large it is. */
#include "config.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/cli/commands.h"
#include "cache-tools/job-option.h"

static int as_json;

static const struct cli_option options[] = {
	{0, "json", NULL, "print JSON (schema dlfm.info/1)", CLI_FLAG, &as_json, NULL},
	{0},
};

struct counts {
	uint64_t known, absent, directories, listings, links;
};

static struct counts count(const struct dlfm_cache *c)
{
	struct counts n = {0};
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		const struct dlfm_cache_entry *entry = &c->entries[i];

		if (!(entry->flags & DLFM_ENTRY_KNOWN))
			continue;
		n.known++;
		n.absent += entry->lerr != 0;
		n.links += entry->target != NULL;
		n.directories += (entry->st.mode & 0170000) == 0040000;
		n.listings += (entry->flags & DLFM_ENTRY_LISTED) != 0;
	}
	return n;
}

static const char *scope_name(uint32_t scope)
{
	return scope == DLFM_SCOPE_ALL ? "all" : "shared";
}

static void print_provenance(struct json_object *o)
{
	json_object_object_foreach(o, key, value)
	{
		size_t i, n = json_object_is_type(value, json_type_array)
				      ? json_object_array_length(value)
				      : 0;

		if (!json_object_is_type(value, json_type_array)) {
			cli_printf("%-14s %s\n", key, json_object_get_string(value));
			continue;
		}
		for (i = 0; i < n; i++)
			cli_printf("%-14s %s\n", i ? "" : key,
				   json_object_get_string(json_object_array_get_idx(value, i)));
	}
}

static void print_tables(const struct dlfm_cache *c)
{
	uint32_t i;

	for (i = 0; i < c->n_tables; i++) {
		const struct dlfm_cache_table *t = &c->tables[i];

		cli_printf("%-14s %s, hwcaps level %" PRIu64 ", LD_LIBRARY_PATH %s\n",
			   i ? "" : "environments", t->program, t->hwcaps,
			   t->ld_library_path ? t->ld_library_path : "unset");
	}
}

static void print_text(const struct dlfm_cache_file *f, struct json_object *provenance)
{
	const struct dlfm_cache_header *h = &f->cache->header;
	const struct counts n = count(f->cache);
	char id[DLFM_CACHE_ID_TEXT], size[16], bytes[16], metadata[16];

	dlfm_digest_text(id, h->id);
	printf("%-14s %s\n", "cache", f->name);
	printf("%-14s %s\n", "id", id);
	printf("%-14s %s (metadata %s), contents %s\n", "size", cli_size(size, h->file_size),
	       cli_size(metadata, h->metadata_stored), cli_size(bytes, h->contents_size));
	printf("%-14s %s%s\n", "scope", scope_name(f->cache->scope),
	       h->flags & DLFM_CACHE_PARTIAL
		       ? "; partial: the recorded command failed or was killed"
		       : "");
	printf("%-14s %" PRIu64 " known: %" PRIu64 " files with content, %" PRIu64
	       " directories (%" PRIu64 " listed), %" PRIu64 " links, %" PRIu64 " absent\n",
	       "paths", n.known, h->n_files, n.directories, n.listings, n.links, n.absent);
	printf("%-14s %" PRIu32 " in %" PRIu32 " search environments\n", "resolutions",
	       f->cache->n_resolutions, f->cache->n_tables);
	if (f->cache->static_tls)
		printf("%-14s %" PRIu64 " bytes\n", "static TLS", f->cache->static_tls);
	print_provenance(provenance);
	print_tables(f->cache);
}

static void add_number(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)n));
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
}

static struct json_object *tables_json(const struct dlfm_cache *c)
{
	struct json_object *list = json_object_new_array(), *o;
	uint32_t i;

	for (i = 0; i < c->n_tables; i++) {
		o = json_object_new_object();
		add_text(o, "program", c->tables[i].program);
		add_text(o, "ld_library_path", c->tables[i].ld_library_path);
		add_number(o, "hwcaps", c->tables[i].hwcaps);
		json_object_array_add(list, o);
	}
	return list;
}

static int print_json(const struct dlfm_cache_file *f, struct json_object *provenance)
{
	const struct dlfm_cache_header *h = &f->cache->header;
	struct json_object *o = cli_json("info", 1);
	const struct counts n = count(f->cache);
	char id[DLFM_CACHE_ID_TEXT];

	dlfm_digest_text(id, h->id);
	add_text(o, "file", f->name);
	add_text(o, "id", id);
	add_number(o, "format", DLFM_CACHE_VERSION);
	add_number(o, "file_size", h->file_size);
	add_number(o, "metadata_size", h->metadata_size);
	add_number(o, "contents", h->n_contents);
	add_number(o, "contents_size", h->contents_size);
	add_number(o, "contents_stored", h->contents_stored);
	add_text(o, "scope", scope_name(f->cache->scope));
	json_object_object_add(o, "partial",
			       json_object_new_boolean((h->flags & DLFM_CACHE_PARTIAL) != 0));
	add_number(o, "entries", h->n_entries);
	add_number(o, "known", n.known);
	add_number(o, "files", h->n_files);
	add_number(o, "directories", n.directories);
	add_number(o, "listings", n.listings);
	add_number(o, "links", n.links);
	add_number(o, "absent", n.absent);
	add_number(o, "resolutions", f->cache->n_resolutions);
	add_number(o, "static_tls", f->cache->static_tls);
	json_object_object_add(o, "environments", tables_json(f->cache));
	json_object_object_add(o, "provenance", json_object_get(provenance));
	return cli_json_print(o);
}

static int run(int argc, char **argv)
{
	struct dlfm_cache_file f;
	struct json_object *provenance;
	struct dlfm_error e;
	int rc = 0;

	(void)argc;
	if (dlfm_cache_open(&f, argv[0], &e) < 0)
		return cli_fail(&e);
	provenance = json_tokener_parse(f.cache->provenance);
	if (!provenance || !json_object_is_type(provenance, json_type_object)) {
		json_object_put(provenance);
		provenance = json_object_new_object();
	}
	if (as_json)
		rc = print_json(&f, provenance);
	else
		print_text(&f, provenance);
	json_object_put(provenance);
	dlfm_cache_close(&f);
	return rc;
}

const struct cli_command cmd_info = {
	.name = "info",
	.arguments = "CACHE",
	.summary = "Tells what a cache is, where it comes from and how large it is.",
	.options = options,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
