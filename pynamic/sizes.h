/* SPDX-License-Identifier: BSD-3-Clause */
/* "pynamic sizes": Table 3 for a built tree, or for any ELF files. */
#ifndef PYNAMIC_SIZES_H
#define PYNAMIC_SIZES_H

#include "cache-tools/error.h"

/*
 * Adds up the ELF files among and below the named files and directories (links are not followed)
 * and prints the table beside the published ones, or JSON. -1 with a text.
 */
int pyn_sizes(char *const *paths, int json, struct dlfm_error *e);

#endif
