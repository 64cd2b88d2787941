/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of nodes, by Slurm's own functions, which are those of the process that loaded the plugin. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>

#include "spank-plugin/nodes.h"

char *nodes_of_step(uint32_t job, uint32_t step, struct dlfm_error *e)
{
	job_step_info_response_msg_t *steps = NULL;
	char *nodes = NULL;
	uint32_t i;

	if (slurm_get_job_steps(0, job, step, &steps, SHOW_ALL) != SLURM_SUCCESS) {
		dlfm_errf(e, "the controller does not tell the nodes of step %u.%u: %s", job, step,
			  slurm_strerror(slurm_get_errno()));
		return NULL;
	}
	for (i = 0; i < steps->job_step_count && !nodes; i++)
		if (steps->job_steps[i].step_id.step_id == step && steps->job_steps[i].nodes)
			nodes = strdup(steps->job_steps[i].nodes);
	slurm_free_job_step_info_response_msg(steps);
	if (!nodes || !nodes[0]) {
		free(nodes);
		dlfm_errf(e, "the controller knows no nodes of step %u.%u", job, step);
		return NULL;
	}
	return nodes;
}

unsigned nodes_count(const char *list)
{
	hostlist_t hosts = slurm_hostlist_create(list);
	unsigned n = hosts ? slurm_hostlist_count(hosts) : 0;

	if (hosts)
		slurm_hostlist_destroy(hosts);
	return n;
}

char **nodes_names(const char *list)
{
	hostlist_t hosts = slurm_hostlist_create(list);
	char **names = calloc((hosts ? slurm_hostlist_count(hosts) : 0) + 1, sizeof(*names));
	char *host;
	int n = 0;

	while (hosts && names && (host = slurm_hostlist_shift(hosts)))
		names[n++] = host;
	if (hosts)
		slurm_hostlist_destroy(hosts);
	return names;
}

void nodes_free_names(char **names)
{
	int i;

	for (i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

int nodes_cover(const char *list, const char *wanted)
{
	hostlist_t have = slurm_hostlist_create(list), want = slurm_hostlist_create(wanted);
	int all = have && want;
	char *host;

	while (all && (host = slurm_hostlist_shift(want))) {
		all = slurm_hostlist_find(have, host) >= 0;
		free(host);
	}
	if (have)
		slurm_hostlist_destroy(have);
	if (want)
		slurm_hostlist_destroy(want);
	return all;
}

char *nodes_union(const char *a, const char *b)
{
	hostlist_t hosts = slurm_hostlist_create(a);
	char *text = NULL;

	if (hosts && slurm_hostlist_push(hosts, b) > 0) {
		slurm_hostlist_uniq(hosts); /* sorts, too */
		text = slurm_hostlist_ranged_string_malloc(hosts);
	}
	if (hosts)
		slurm_hostlist_destroy(hosts);
	return text;
}
