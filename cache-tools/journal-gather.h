/* SPDX-License-Identifier: BSD-3-Clause */
/* Bringing the journals of several nodes together in one directory, where they are packed. */
#ifndef DLFM_JOURNAL_GATHER_H
#define DLFM_JOURNAL_GATHER_H

#include "cache-tools/error.h"

/*
 * Copies every journal of directory `from` into directory `to`, as "<prefix>-<name>" (processes of two nodes may
 * have the same number), and of each only what is written in it. Files of another kind are left alone. Returns
 * how many were copied, or -1 with a text; then some are missing.
 */
int dlfm_journal_gather(const char *from, const char *to, const char *prefix, struct dlfm_error *e);

#endif
