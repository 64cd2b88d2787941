/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which utility functions the functions of a module call. The chains of the libraries that the
 * module owns are dealt out to its visited functions, so that each is called at least once; every
 * other function calls a random one: if it is visited itself, one that is visited too, so that a
 * run visits nothing but what was planned.
 */
#include <stdlib.h>

#include "pynamic/model.h"
#include "pynamic/random.h"

enum { DOMAIN_CALL = 0x4341, DOMAIN_CALL_SITE };

struct duty {
	unsigned utility;
	uint32_t chain;
};

struct pyn_call_plan {
	const struct pyn_model *model;
	const struct pyn_library *module;
	struct duty *duties; /* chains that the module sees to */
	uint64_t duty_count;
	uint32_t *position; /* function -> how many visited ones are before it; UINT32_MAX: not
			       visited */
};

static int collect_duties(struct pyn_call_plan *plan)
{
	const struct pyn_model *m = plan->model;
	const struct pyn_library *module = plan->module;
	uint64_t at = 0;

	for (unsigned i = 0; i < module->link_count; i++)
		if (pyn_owns(m, module, module->links[i]))
			plan->duty_count += m->utilities[module->links[i]].visited_chains;
	plan->duties = calloc(plan->duty_count ? plan->duty_count : 1, sizeof *plan->duties);
	if (!plan->duties)
		return -1;
	for (unsigned i = 0; i < module->link_count; i++) {
		const struct pyn_library *u = &m->utilities[module->links[i]];

		for (uint32_t c = 0; pyn_owns(m, module, u->index) && c < u->visited_chains; c++)
			plan->duties[at++] = (struct duty){u->index, u->visited[c]};
	}
	return 0;
}

static int number_visited(struct pyn_call_plan *plan)
{
	const struct pyn_library *l = plan->module;
	uint32_t count = 0;

	plan->position = malloc(l->functions * sizeof *plan->position);
	if (!plan->position)
		return -1;
	for (uint32_t i = 0; i < l->functions; i++)
		plan->position[i] = pyn_is_visited(plan->model, l, i) ? count++ : UINT32_MAX;
	return 0;
}

int pyn_call_plan_make(struct pyn_call_plan **result, const struct pyn_model *m,
		       const struct pyn_library *module)
{
	struct pyn_call_plan *plan = calloc(1, sizeof *plan);

	*result = plan;
	if (!plan)
		return -1;
	plan->model = m;
	plan->module = module;
	if (collect_duties(plan) == 0 && number_visited(plan) == 0)
		return 0;
	pyn_call_plan_free(plan);
	*result = NULL;
	return -1;
}

void pyn_call_plan_free(struct pyn_call_plan *plan)
{
	if (!plan)
		return;
	free(plan->duties);
	free(plan->position);
	free(plan);
}

/* The duties [first, last) of the visited function at a position: as equal shares as can be. */
static void share(const struct pyn_call_plan *plan, uint32_t position, uint64_t *first,
		  uint64_t *last)
{
	uint64_t visited = plan->module->visited_functions;

	*first = plan->duty_count * position / visited;
	*last = plan->duty_count * (position + 1) / visited;
}

unsigned pyn_planned_calls(const struct pyn_call_plan *plan, uint32_t i)
{
	uint64_t first = 0, last = 0;

	if (plan->module->link_count == 0)
		return 0;
	if (plan->position[i] != UINT32_MAX)
		share(plan, plan->position[i], &first, &last);
	return last > first ? (unsigned)(last - first) : 1;
}

static void random_call(const struct pyn_call_plan *plan, uint32_t i, struct pyn_utility_call *call)
{
	const struct pyn_library *l = plan->module;
	uint64_t depth = plan->model->params.depth;
	struct pyn_random r = {pyn_key(l->key, DOMAIN_CALL, i)};
	const struct pyn_library *u =
		&plan->model->utilities[l->links[pyn_below(&r, l->link_count)]];
	uint32_t head;

	call->utility = u;
	if (plan->position[i] == UINT32_MAX) {
		call->function = pyn_below(&r, u->functions);
		return;
	}
	head = (uint32_t)(u->visited[pyn_below(&r, u->visited_chains)] * depth);
	call->function = head + pyn_below(&r, pyn_chain_rest(plan->model, u, head));
}

void pyn_planned_call(const struct pyn_call_plan *plan, uint32_t i, unsigned n,
		      struct pyn_utility_call *call)
{
	uint64_t first = 0, last = 0;

	if (plan->position[i] != UINT32_MAX)
		share(plan, plan->position[i], &first, &last);
	if (last > first) {
		const struct duty *d = &plan->duties[first + n];

		call->utility = &plan->model->utilities[d->utility];
		call->function = (uint32_t)(d->chain * plan->model->params.depth);
	} else {
		random_call(plan, i, call);
	}
	call->site = pyn_key(pyn_key(plan->module->key, DOMAIN_CALL_SITE, i), 0, n);
}
