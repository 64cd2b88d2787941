/* SPDX-License-Identifier: BSD-3-Clause */
/* The settings of a tree's build: config.mk. */
#ifndef PYNAMIC_SETTINGS_H
#define PYNAMIC_SETTINGS_H

#include "pynamic/build.h"

/* Writes config.mk: what is given, else what it had; "none" empties a setting. -1 with a text. */
int pyn_settings_save(const struct pyn_build *b, int dirfd, struct dlfm_error *e);

#endif
