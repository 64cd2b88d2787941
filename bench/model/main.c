/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dlfm-model: how long the start of an application takes on more nodes than this machine can carry. A discrete-event
 * model: the file system's queue, Slurm's launch tree, the staging tree, the nodes' cores and memory.
 */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/model/methods.h"

static const char usage[] =
	"usage: dlfm-model [--params=FILE] [--nodes=N,...] [--ranks-per-node=R] [--methods=A,...]\n"
	"       dlfm-model [--params=FILE] --assumptions\n"
	"Prints a JSON array, an object for each method and number of nodes: seconds from the "
	"command to the last\n"
	"rank's main program, their parts, and requests to the file system.\n"
	"  --params=FILE        JSON object that replaces assumptions; - is standard input\n"
	"  --assumptions        all assumptions with units and sources, as JSON\n"
	"  --nodes=N,...        default 1,10,100,1000,10000,100000\n"
	"  --ranks-per-node=R   default 48\n"
	"  --methods=A,...      default all: vanilla dlfm-cold dlfm-staged bcast image daemons "
	"local\n";

enum { MAX_RANKS = 20000000 };

static struct json_object *row(const struct method *m, struct launch *l)
{
	struct json_object *o = json_object_new_object(), *phases = json_object_new_object();
	double launch = launch_task(l->p, l->nodes, l->ranks_per_node - 1);

	json_object_object_add(o, "method", json_object_new_string(m->name));
	json_object_object_add(o, "title", json_object_new_string(m->title));
	json_object_object_add(o, "nodes", json_object_new_int64(l->nodes));
	json_object_object_add(o, "ranks",
			       json_object_new_int64((int64_t)l->nodes * l->ranks_per_node));
	json_object_object_add(o, "seconds", json_object_new_double(l->o.end));
	json_object_object_add(phases, "stage", json_object_new_double(l->prepared));
	json_object_object_add(phases, "launch", json_object_new_double(launch));
	json_object_object_add(phases, "run",
			       json_object_new_double(l->o.end - l->prepared - launch));
	json_object_object_add(o, "phases", phases);
	json_object_object_add(o, "requests", json_object_new_double(l->o.requests));
	json_object_object_add(o, "server_busy_seconds", json_object_new_double(l->o.fs_busy_s));
	return o;
}

static int listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
			return 1;
	}
	return 0;
}

static int check_methods(const char *list)
{
	char *copy = strdup(list), *rest = copy;
	int ok = copy != NULL;

	for (const char *name; ok && (name = strsep(&rest, ","));) {
		const struct method *m = methods;

		while (m->name && strcmp(m->name, name) != 0)
			m++;
		if (!m->name) {
			fprintf(stderr, "dlfm-model: no method %s; see --help\n", name);
			ok = 0;
		}
	}
	free(copy);
	return ok ? 0 : -1;
}

/* The next number of a list, at least 1; 0 at its end or if it is none. */
static uint32_t next_number(const char **list)
{
	char *end;
	unsigned long n = strtoul(*list, &end, 10);

	if (end == *list || **list == '-' || (*end && *end != ',') || n > MAX_RANKS)
		return 0;
	*list = *end ? end + 1 : end;
	return (uint32_t)n;
}

static int run(const struct params *p, const char *names, const char *nodes, uint32_t per_node)
{
	struct json_object *all = json_object_new_array();
	int rc = 0;

	while (rc == 0 && *nodes) {
		uint32_t n = next_number(&nodes);

		if (n == 0 || (double)n * per_node > MAX_RANKS) {
			fprintf(stderr,
				"dlfm-model: --nodes: numbers of nodes of at least 1, at most %d "
				"ranks in all\n",
				MAX_RANKS);
			rc = 2;
		}
		for (const struct method *m = methods; rc == 0 && m->name; m++) {
			struct launch l = {.p = p, .nodes = n, .ranks_per_node = per_node};

			if (names && !listed(names, m->name))
				continue;
			if (m->run(&l) < 0) {
				fprintf(stderr, "dlfm-model: no memory for %u nodes; take fewer\n",
					n);
				rc = 1;
				break;
			}
			json_object_array_add(all, row(m, &l));
		}
	}
	if (rc == 0)
		printf("%s\n", json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY));
	json_object_put(all);
	return rc;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"params", required_argument, NULL, 'p'},
						{"assumptions", no_argument, NULL, 'a'},
						{"nodes", required_argument, NULL, 'n'},
						{"ranks-per-node", required_argument, NULL, 'r'},
						{"methods", required_argument, NULL, 'm'},
						{"help", no_argument, NULL, 'h'},
						{0}};
	const char *names = NULL, *nodes = "1,10,100,1000,10000,100000", *per_node = "48";
	struct params p;
	uint32_t ranks;
	int assumptions = 0;

	params_default(&p);
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'h')
			return fputs(usage, stdout) < 0;
		if (c == '?' || (c == 'p' && params_read(&p, optarg) < 0) ||
		    (c == 'm' && check_methods(optarg) < 0))
			return 2;
		assumptions |= c == 'a';
		names = c == 'm' ? optarg : names;
		nodes = c == 'n' ? optarg : nodes;
		per_node = c == 'r' ? optarg : per_node;
	}
	if (assumptions)
		return params_print(&p, stdout), 0;
	ranks = next_number(&per_node);
	if (ranks == 0 || *per_node || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return run(&p, names, nodes, ranks);
}
