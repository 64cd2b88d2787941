/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The note: what the sruns of a job have staged, kept on the node where they run, so that the next srun of the job need not
 * ask the nodes. `<dir>/dlfm-<uid>/note.<job>`: a line a cache, "<restart count> <lease key> <nodes>", the newest last.
 * It goes with the job's leases; on a login node, where no epilog runs, salloc removes it.
 */
#ifndef DLFM_SPANK_NOTE_H
#define DLFM_SPANK_NOTE_H

#include <stdint.h>

#include "cache-tools/error.h"
#include "cache-tools/stage.h"

/* The nodes that have key's image as far as is known, to be freed by the caller; NULL if nothing is noted. */
char *note_nodes(const char *const *dirs, uint32_t job, const char *key);
/* Notes that `nodes`, and no others, have it. What cannot be noted is staged again: no error. */
void note_write(const char *const *dirs, uint32_t job, const char *key, const char *nodes);
/* Forgets the job; a store that held nothing else goes. */
void note_remove(const char *const *dirs, uint32_t job);

#endif
