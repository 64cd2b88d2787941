/* SPDX-License-Identifier: BSD-3-Clause */
/* The C or C++ source of one library of the application. */
#ifndef PYNAMIC_SOURCE_H
#define PYNAMIC_SOURCE_H

#include "pynamic/model.h"
#include "pynamic/text.h"

/*
 * Puts the source of a library, and adds what a run of it does to the model's counts and checksum:
 * to be called once for every library. -1: out of memory.
 */
int pyn_source_put(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l);

/* The source's path in the tree. */
void pyn_source_path(const struct pyn_library *l, char *path, size_t size);

/* Global data of a library and the function that touches all of it; returns what that adds to the
 * checksum. */
uint64_t pyn_segments_put(struct pyn_text *t, const struct pyn_library *l);

/* The functions that Python calls, and the module's initialisation. */
void pyn_module_put(struct pyn_text *t, struct pyn_model *m, const struct pyn_library *l);

/* C text of --print. */
#define PYN_PRINT "\tprintf(\"pynamic: %s\\n\", __func__);\n"

/* The name of function i, with its padding; in a buffer of PYN_NAME_SIZE. Returns its length. */
#define PYN_NAME_SIZE 2100
size_t pyn_function_name(char *name, const struct pyn_model *m, const struct pyn_library *l,
			 uint32_t i);

#endif
