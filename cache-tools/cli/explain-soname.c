/* SPDX-License-Identifier: BSD-3-Clause */
/* Searches of ld.so: who asks for a name, what the search comes to, and on which conditions. */
#include "config.h"

#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/cli/explain.h"
#include "libdlfm/fingerprint.h"

/* One resolution, of a cache or of an image. */
struct search {
	const char *requester, *name, *answer;
	const struct dlfm_cache_table *table; /* NULL: an image does not say */
	uint32_t ld_cache;
	uint32_t i;
	const struct dlfm_image_resolution *of_image;
};

static const struct dlfm_image_resolution *of_image(const struct explain_source *s, uint32_t i)
{
	const struct dlfm_image_area *a = &s->im.header->resolutions;

	return &((const struct dlfm_image_resolution *)(s->im.base + a->offset))[i];
}

static int get_search(const struct explain_source *s, uint32_t i, struct search *r)
{
	const struct dlfm_cache *c = s->f.cache;

	*r = (struct search){.i = i};
	if (c) {
		if (i >= c->n_resolutions)
			return 0;
		r->requester = c->resolutions[i].requester;
		r->name = c->resolutions[i].name;
		r->answer = c->resolutions[i].answer;
		r->table = &c->tables[c->resolutions[i].table];
		r->ld_cache = c->resolutions[i].ld_cache;
		return 1;
	}
	if (i >= s->im.header->resolutions.count)
		return 0;
	r->of_image = of_image(s, i);
	r->requester = dlfm_image_string(&s->im, r->of_image->requester);
	r->name = dlfm_image_string(&s->im, r->of_image->name);
	r->answer = dlfm_image_string(&s->im, r->of_image->answer);
	return 1;
}

static const char *guard(const struct explain_source *s, const struct search *r, uint32_t i)
{
	const struct dlfm_cache *c = s->f.cache;

	if (!c)
		return dlfm_image_guard(&s->im, r->of_image, i);
	return i < c->resolutions[r->i].n_guards ? c->resolutions[r->i].guards[i] : NULL;
}

/* Does it hold on this node? NULL, or why not. */
static const char *obstacle(const struct explain_source *s, const struct search *r)
{
	const char *path;
	uint32_t i;

	if (s->im.dirty->lib_marks)
		return "this job changed a directory that ld.so searches";
	if (r->ld_cache && r->ld_cache != dlfm_ld_cache_state())
		return "it was found by /etc/ld.so.cache, which is another one on this node";
	for (i = 0; (path = guard(s, r, i)); i++)
		if (access(path, F_OK) == 0)
			return "a file that precedes it in the search exists on this node";
	if (dlfm_image_lookup(&s->im, r->answer, strlen(r->answer), 1).answer == DLFM_UNKNOWN &&
	    access(r->answer, F_OK) < 0)
		return "what was found is not there on this node";
	return NULL;
}

static struct json_object *search_json(const struct explain_source *s, const struct search *r)
{
	struct json_object *o = json_object_new_object(), *guards = json_object_new_array();
	const char *why = obstacle(s, r), *path;
	uint32_t i;

	explain_put(o, "requester", "%s", r->requester);
	explain_put(o, "name", "%s", r->name);
	explain_put(o, "found", "%s", r->answer);
	explain_put(o, "answered", "%s", explain_short(s, r->answer));
	if (r->table) {
		explain_put(o, "program", "%s", r->table->program);
		if (r->table->ld_library_path)
			explain_put(o, "ld_library_path", "%s", r->table->ld_library_path);
	}
	for (i = 0; (path = guard(s, r, i)); i++)
		json_object_array_add(guards, json_object_new_string(path));
	json_object_object_add(o, "unless_there_is", guards);
	json_object_object_add(o, "holds_here", json_object_new_boolean(!why));
	if (why)
		explain_put(o, "why_not", "%s", why);
	return o;
}

int explain_searches_to(struct explain_source *s, const char *path, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	struct search r;
	uint32_t i;
	int n = 0;

	for (i = 0; get_search(s, i, &r); i++) {
		if (strcmp(r.answer, path) != 0)
			continue;
		json_object_array_add(list, search_json(s, &r));
		n++;
	}
	if (n)
		json_object_object_add(o, "resolutions", list);
	else
		json_object_put(list);
	return n;
}

/* The candidates that the recorded run tried: what the path tier says of each. */
static int add_candidates(const struct explain_source *s, const char *name, struct json_object *o)
{
	struct json_object *list = json_object_new_array(), *one;
	uint32_t i;
	int n = 0;

	for (i = 0; s->history && i < s->history->n; i++) {
		const struct dlfm_history_path *h = &s->history->paths[i];
		const char *slash = strrchr(h->path, '/');

		if (!(h->flags & DLFM_HISTORY_LD) || !slash || strcmp(slash + 1, name) != 0)
			continue;
		one = json_object_new_object();
		explain_put(one, "path", "%s", h->path);
		explain_put(one, "answered", "%s", explain_short(s, h->path));
		json_object_array_add(list, one);
		n++;
	}
	json_object_object_add(o, "candidates", list);
	return n;
}

int explain_soname(struct explain_source *s, const char *name, struct json_object *o)
{
	struct json_object *list = json_object_new_array();
	struct search r;
	uint32_t i;
	int n = 0;

	explain_put(o, "soname", "%s", name);
	for (i = 0; get_search(s, i, &r); i++) {
		if (strcmp(r.name, name) != 0)
			continue;
		json_object_array_add(list, search_json(s, &r));
		n++;
	}
	json_object_object_add(o, "resolutions", list);
	return n + add_candidates(s, name, o);
}
