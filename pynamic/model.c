/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan of an application: sizes of libraries, links, chains that are visited. */
#include <stdio.h>
#include <stdlib.h>

#include "pynamic/model.h"
#include "pynamic/random.h"

enum {
	DOMAIN_MODULE = 0x4d,
	DOMAIN_UTILITY = 0x55,
	DOMAIN_SIZE,
	DOMAIN_CHAINS,
	DOMAIN_FUNCTION,
	DOMAIN_EXTERN,
	DOMAIN_CHAIN_SITE,
	DOMAIN_EXTERN_SITE,
	DOMAIN_LINKS,
	DOMAIN_SEGMENTS,
	DOMAIN_CROSS,
	DOMAIN_TOUCH,
};

void pyn_library_function(struct pyn_function *f, const struct pyn_library *l, uint32_t i)
{
	pyn_function_make(f, pyn_key(l->key, DOMAIN_FUNCTION, i));
}

void pyn_library_extern(struct pyn_function *f, const struct pyn_library *l)
{
	pyn_function_make(f, pyn_key(l->key, DOMAIN_EXTERN, 0));
}

void pyn_chain_arguments(struct pyn_values *v, const struct pyn_function *f,
			 const struct pyn_library *l, uint32_t i)
{
	pyn_arguments_make(v, f, pyn_key(l->key, DOMAIN_CHAIN_SITE, i));
}

void pyn_extern_arguments(struct pyn_values *v, const struct pyn_function *f,
			  const struct pyn_library *caller)
{
	pyn_arguments_make(v, f, pyn_key(caller->key, DOMAIN_EXTERN_SITE, 0));
}

uint64_t pyn_touch_value(const struct pyn_library *l)
{
	return pyn_key(l->key, DOMAIN_TOUCH, 0);
}

int pyn_owns(const struct pyn_model *m, const struct pyn_library *module, unsigned utility)
{
	return utility % m->params.modules == module->index;
}

uint32_t pyn_chain_rest(const struct pyn_model *m, const struct pyn_library *l, uint32_t i)
{
	uint64_t end = (i / m->params.depth + 1) * m->params.depth;

	return (uint32_t)((end < l->functions ? end : l->functions) - i);
}

int pyn_is_visited(const struct pyn_model *m, const struct pyn_library *l, uint32_t i)
{
	uint32_t chain = (uint32_t)(i / m->params.depth), low = 0, high = l->visited_chains;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (l->visited[middle] < chain)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->visited_chains && l->visited[low] == chain;
}

/*
 * Numbers of functions: uniform in average +- spread. Libraries 2k and 2k+1 mirror each other
 * around the average, so that the average is exactly what was asked for.
 */
static uint32_t draw_size(uint64_t seed, unsigned index, unsigned count, uint64_t average,
			  uint64_t spread)
{
	struct pyn_random r = {pyn_key(seed, DOMAIN_SIZE, index / 2)};
	uint32_t width = (uint32_t)(average * spread / 100), offset = pyn_below(&r, 2 * width + 1);

	if (index % 2 == 0 && index + 1 == count)
		return (uint32_t)average;
	return (uint32_t)average - width + (index % 2 ? 2 * width - offset : offset);
}

static uint32_t around(struct pyn_random *r, uint64_t average)
{
	return (uint32_t)(average / 2) + pyn_below(r, (uint32_t)average + 1);
}

static void plan_library(struct pyn_library *l, const struct pyn_params *p, int is_module,
			 unsigned index)
{
	uint64_t key = pyn_key(p->seed, is_module ? DOMAIN_MODULE : DOMAIN_UTILITY, 0);
	struct pyn_random r;

	l->is_module = is_module;
	l->index = index;
	l->key = pyn_key(key, 0, index);
	l->cross = -1;
	snprintf(l->name, sizeof l->name, "pyn_%c%04u", is_module ? 'm' : 'u', index);
	l->functions = draw_size(key, index, (unsigned)(is_module ? p->modules : p->utilities),
				 is_module ? p->functions : p->utility_functions, p->spread);
	l->chains = (uint32_t)((l->functions + p->depth - 1) / p->depth);
	l->directory = index % (uint32_t)(is_module ? p->path_depth : p->library_path_depth);
	r.state = pyn_key(l->key, DOMAIN_SEGMENTS, 0);
	l->data = p->data ? around(&r, p->data) : 0;
	l->bss = p->bss ? around(&r, p->bss) : 0;
	if (!is_module) {
		/* Every (100 / cxx)-th, by counting up. */
		l->cxx = (index + 1) * p->cxx / 100 > index * p->cxx / 100;
		l->tls = index < p->tls_libraries ? (uint32_t)p->tls : 0;
	}
}

/*
 * The chains to be visited: a random sample (Knuth, TAOCP 2, 3.4.2, algorithm S), as many as bring
 * the functions visited so far, in all libraries, nearest to the coverage; at least one in each
 * library.
 */
static int plan_chains(struct pyn_model *m, struct pyn_library *l)
{
	struct pyn_counts *c = &m->counts;
	struct pyn_random r = {pyn_key(l->key, DOMAIN_CHAINS, 0)};
	uint64_t wanted = (c->functions + l->functions) * m->params.coverage / 100;
	uint64_t want = wanted > c->visited_functions ? wanted - c->visited_functions : 0;
	uint32_t take = (uint32_t)((want * l->chains + l->functions / 2) / l->functions);

	take = take < 1 ? 1 : take > l->chains ? l->chains : take;
	l->visited = calloc(take, sizeof *l->visited);
	if (!l->visited)
		return -1;
	for (uint32_t chain = 0; l->visited_chains < take; chain++)
		if (pyn_below(&r, l->chains - chain) < take - l->visited_chains) {
			l->visited[l->visited_chains++] = chain;
			l->visited_functions +=
				pyn_chain_rest(m, l, (uint32_t)(chain * m->params.depth));
		}
	c->functions += l->functions;
	c->visited_functions += l->visited_functions;
	return 0;
}

/* What the functions that function i of a utility library leads to contribute, for every i. */
static int plan_rest(struct pyn_model *m, struct pyn_library *l)
{
	struct pyn_function f;
	struct pyn_values v;

	l->rest = calloc(l->functions, sizeof *l->rest);
	if (!l->rest)
		return -1;
	for (uint32_t i = l->functions - 1; i > 0; i--) {
		if (i % m->params.depth == 0)
			continue;
		pyn_library_function(&f, l, i);
		pyn_chain_arguments(&v, &f, l, i);
		l->rest[i - 1] = l->rest[i] + pyn_contribution(&f, &m->params, &v);
	}
	return 0;
}

/* A module links with the libraries that it owns, and with random others up to `links`. */
static int plan_links(struct pyn_model *m, struct pyn_library *l)
{
	unsigned count = (unsigned)m->params.utilities, left, want = 0, owned = 0;
	struct pyn_random r = {pyn_key(l->key, DOMAIN_LINKS, 0)};

	l->links = calloc(count ? count : 1, sizeof *l->links);
	if (!l->links)
		return -1;
	for (unsigned u = 0; u < count; u++)
		owned += (unsigned)pyn_owns(m, l, u);
	left = count - owned;
	if (m->params.links == 0)
		want = left;
	else if (m->params.links > owned)
		want = (unsigned)m->params.links - owned;
	for (unsigned u = 0; u < count; u++) {
		if (pyn_owns(m, l, u)) {
			l->links[l->link_count++] = u;
		} else {
			if (pyn_below(&r, left) < want) {
				l->links[l->link_count++] = u;
				want--;
			}
			left--;
		}
	}
	return 0;
}

static void plan_cross(struct pyn_model *m, struct pyn_library *l)
{
	struct pyn_random r = {pyn_key(l->key, DOMAIN_CROSS, 0)};
	unsigned near = l->index < 8 ? l->index : 8;

	if (m->params.cross_calls && l->index > 0)
		l->cross = (int)(l->index - 1 - pyn_below(&r, near));
}

int pyn_model_make(struct pyn_model *m, const struct pyn_params *p, struct dlfm_error *e)
{
	*m = (struct pyn_model){.params = *p};
	m->modules = calloc(p->modules, sizeof *m->modules);
	m->utilities = calloc(p->utilities ? p->utilities : 1, sizeof *m->utilities);
	if (!m->modules || !m->utilities)
		goto fail;
	for (unsigned i = 0; i < p->utilities; i++) {
		plan_library(&m->utilities[i], p, 0, i);
		if (plan_chains(m, &m->utilities[i]) != 0 || plan_rest(m, &m->utilities[i]) != 0)
			goto fail;
	}
	for (unsigned i = 0; i < p->modules; i++) {
		plan_library(&m->modules[i], p, 1, i);
		if (plan_chains(m, &m->modules[i]) != 0 || plan_links(m, &m->modules[i]) != 0)
			goto fail;
		plan_cross(m, &m->modules[i]);
	}
	return 0;
fail:
	pyn_model_free(m);
	return dlfm_errf(e, "no memory");
}

static void free_libraries(struct pyn_library *l, uint64_t count)
{
	if (!l)
		return;
	for (uint64_t i = 0; i < count; i++) {
		free(l[i].visited);
		free(l[i].rest);
		free(l[i].links);
	}
	free(l);
}

void pyn_model_free(struct pyn_model *m)
{
	free_libraries(m->modules, m->params.modules);
	free_libraries(m->utilities, m->params.utilities);
	m->modules = m->utilities = NULL;
}
