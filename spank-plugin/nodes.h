/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of nodes as Slurm writes them: n[1-4,7]. All that are returned are freed by the caller with free(). */
#ifndef DLFM_SPANK_NODES_H
#define DLFM_SPANK_NODES_H

#include <stdint.h>

#include "cache-tools/error.h"

/* The nodes of a step that was made and not yet launched, asked of the controller; NULL with a text. */
char *nodes_of_step(uint32_t job, uint32_t step, struct dlfm_error *e);
/* How many nodes a list names. */
unsigned nodes_count(const char *list);
/* Their names in its order, as many as there are, with a NULL behind; NULL without memory. Freed by nodes_free_names(). */
char **nodes_names(const char *list);
void nodes_free_names(char **names);
/* Is every node of `wanted` in `list`? */
int nodes_cover(const char *list, const char *wanted);
/* Both lists in one, sorted, each node once; NULL if there is no memory. */
char *nodes_union(const char *a, const char *b);

#endif
