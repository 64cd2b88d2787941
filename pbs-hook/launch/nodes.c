/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes of a PBS job: the distinct names in $PBS_NODEFILE (qsub(1B)). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbs-hook/launch/launch.h"

static int has(const struct nodes *nodes, const char *name)
{
	for (size_t i = 0; i < nodes->n; i++)
		if (strcmp(nodes->names[i], name) == 0)
			return 1;
	return 0;
}

static int add(struct nodes *nodes, const char *name)
{
	char **names = realloc(nodes->names, (nodes->n + 1) * sizeof(*names));

	if (names == NULL)
		return -1;
	nodes->names = names;
	names[nodes->n] = strdup(name);
	if (names[nodes->n] == NULL)
		return -1;
	nodes->n++;
	return 0;
}

static int add_self(struct nodes *nodes)
{
	char name[256] = "localhost";

	gethostname(name, sizeof(name) - 1);
	return add(nodes, name);
}

static int read_names(struct nodes *nodes, FILE *f)
{
	char line[1024];

	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '-' || has(nodes, line))
			continue;
		if (add(nodes, line) == -1)
			return -1;
	}
	return ferror(f) ? -1 : 0;
}

int nodes_read(struct nodes *nodes, struct dlfm_error *e)
{
	const char *path = getenv("PBS_NODEFILE");
	FILE *f = path != NULL ? fopen(path, "re") : NULL;
	int rc = 0;

	*nodes = (struct nodes){0};
	if (f != NULL) {
		rc = read_names(nodes, f);
		fclose(f);
	}
	if (rc == 0 && nodes->n == 0)
		rc = add_self(nodes);
	if (rc == -1) {
		nodes_free(nodes);
		return dlfm_errnof(e, "cannot read the job's nodes from %s",
				   path ? path : "memory");
	}
	return 0;
}

void nodes_free(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++)
		free(nodes->names[i]);
	free(nodes->names);
	*nodes = (struct nodes){0};
}
