/* SPDX-License-Identifier: BSD-3-Clause */
/* Pack, from beginning to end. */
#include "config.h"

#include "cache-tools/pack.h"

#include <json-c/json.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/pack-private.h"

/* ld.so's own default for what is loaded later; below it nothing has to be set. */
enum { DEFAULT_STATIC_TLS = 512 };

int dlfm_pack_is_stopped(const struct pack *p)
{
	return p->options->stop && p->options->stop(p->options->arg);
}

int dlfm_pack_progress(struct pack *p, const char *what, uint64_t done, uint64_t total)
{
	if (p->options->progress)
		p->options->progress(p->options->arg, what, done, total);
	return dlfm_pack_is_stopped(p) ? dlfm_errf(p->e, "interrupted") : 0;
}

static struct json_object *list_of(const char *const *texts, uint32_t n)
{
	struct json_object *list = json_object_new_array();
	uint32_t i;

	for (i = 0; i < n; i++)
		json_object_array_add(list, json_object_new_string(texts[i]));
	return list;
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

/* Who packed what, where and when. */
static int set_provenance(struct pack *p)
{
	struct json_object *o = json_object_new_object();
	const struct passwd *user = getpwuid(getuid());
	time_t now = time(NULL);
	struct utsname node;
	char date[32];
	const char *text;

	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	add_text(o, "dlfm", PACKAGE_VERSION);
	add_text(o, "date", date);
	add_text(o, "user", user ? user->pw_name : "");
	add_text(o, "node", uname(&node) == 0 ? node.nodename : "");
	if (p->options->command)
		add_text(o, "command", p->options->command);
	json_object_object_add(o, "processes", json_object_new_int64(p->report->processes));
	json_object_object_add(o, "programs", list_of(p->programs, p->n_programs));
	json_object_object_add(o, "recorded_on", list_of(p->nodes, p->n_nodes));
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
							 JSON_C_TO_STRING_NOSLASHESCAPE);
	p->cache->provenance = dlfm_cache_text(p->cache, text, strlen(text));
	json_object_put(o);
	return p->cache->provenance ? 0 : pack_no_memory(p);
}

static void set_head(struct pack *p)
{
	struct dlfm_cache *c = p->cache;

	c->packer_uid = geteuid();
	c->scope = p->policy->scope;
	c->flags = p->options->partial ? DLFM_CACHE_PARTIAL : 0;
	c->static_tls = 0;
	if (p->static_tls >= DEFAULT_STATIC_TLS)
		c->static_tls = (p->static_tls + DEFAULT_STATIC_TLS + 63) & ~UINT64_C(63);
}

static int check_not_empty(struct pack *p)
{
	uint32_t i;

	for (i = 0; i < p->cache->n_entries; i++)
		if (p->cache->entries[i].flags & DLFM_ENTRY_KNOWN)
			p->report->known++;
	if (p->report->known)
		return 0;
	if (p->policy->scope == DLFM_SCOPE_SHARED && p->report->local)
		return dlfm_errf(
			p->e,
			"nothing of what was looked up lies on a shared file system (NFS, Lustre, "
			"...), so there is nothing to cache; --scope=all takes the files of every "
			"file system");
	return dlfm_errf(
		p->e, "nothing of what was looked up can be cached; -vv tells why, path by path");
}

static int make_cache(struct pack *p, struct dlfm_cache_writer *w, const char *const *dirs,
		      size_t n_dirs)
{
	if (dlfm_pack_collect(p, dirs, n_dirs) < 0 || dlfm_pack_walk_all(p) < 0)
		return -1;
	dlfm_pack_choose(p);
	if (dlfm_pack_contents(p, w) < 0)
		return -1;
	dlfm_pack_choose_rest(p);
	if (check_not_empty(p) < 0 || dlfm_pack_listings(p) < 0 || dlfm_pack_resolve(p) < 0)
		return -1;
	set_head(p);
	if (set_provenance(p) < 0 || dlfm_pack_history(p) < 0)
		return -1;
	return dlfm_pack_prune(p);
}

static int start(struct pack *p)
{
	p->arena = dlfm_arena_new();
	p->cache = dlfm_cache_new();
	p->systems = dlfm_file_systems_new(p->policy);
	pthread_mutex_init(&p->reach, NULL);
	if (!p->options->no_history)
		p->history = dlfm_history_new();
	return p->arena && p->cache && p->systems && (p->history || p->options->no_history)
		       ? 0
		       : pack_no_memory(p);
}

static void end(struct pack *p)
{
	if (p->cache && p->notes)
		dlfm_pack_close_directories(p);
	pthread_mutex_destroy(&p->reach);
	dlfm_index_clear(&p->asked_set);
	dlfm_file_systems_free(p->systems);
	dlfm_cache_free(p->cache);
	dlfm_arena_free(p->arena);
	dlfm_history_free(p->history);
	free(p->asked);
	free(p->searches);
	free(p->tries);
	free(p->programs);
	free(p->nodes);
	free(p->notes);
}

static void fill_report(struct pack *p)
{
	const struct dlfm_cache_header *h = &p->cache->header;

	p->report->files = h->n_files;
	p->report->bytes = h->contents_size;
	p->report->file_size = h->file_size;
	dlfm_digest_text(p->report->id, h->id);
}

int dlfm_pack(const char *const *dirs, size_t n_dirs, const char *output,
	      const struct dlfm_pack_options *options, struct dlfm_pack_report *report,
	      struct dlfm_error *e)
{
	struct pack p = {.options = options, .policy = options->policy, .report = report, .e = e};
	struct dlfm_cache_writer *w = NULL;
	int rc = -1;

	memset(report, 0, sizeof(*report));
	if (start(&p) < 0 || dlfm_writer_open(&w, output, e) < 0 ||
	    make_cache(&p, w, dirs, n_dirs) < 0)
		goto fail;
	rc = options->unnamed ? dlfm_writer_finish_unnamed(w, p.cache, e)
			      : dlfm_writer_finish(w, p.cache, e);
	w = NULL;
	if (options->unnamed && rc >= 0) {
		*options->unnamed = rc;
		rc = 0;
	}
	if (rc == 0)
		fill_report(&p);
fail:
	dlfm_writer_abort(w);
	end(&p);
	return rc;
}
