/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * srun's side of a record. When all tasks of a node have ended, its slurmstepd has the node's journals packed into
 * `<FILE>.<job>.<step>.parts/`; the last node makes FILE of the parts and removes them (dlfm-collect). What
 * is not as it should be (tasks killed, a node that could not pack) stands in `<FILE>.log`, which is absent otherwise.
 */
#ifndef DLFM_SPANK_RECORDING_H
#define DLFM_SPANK_RECORDING_H

#include "spank-plugin/ticket.h"

/* `<file>.<job>.<step>.parts`; -1 if it does not fit. */
int recording_parts(const struct ticket *t, char path[PATH_MAX]);
/* `<file>.log`; -1 if it does not fit. */
int recording_log(const struct ticket *t, char path[PATH_MAX]);

/* Settles the file's name if none was given, and makes the directory of the parts: so that what cannot be written is
 * known before the tasks start. -1 with a text. */
int recording_prepare(struct ticket *t, struct dlfm_error *e);
/* When srun ends: waits, bounded and interruptible, for the cache, and says in one line where it is. */
void recording_finish(unsigned timeout);

#endif
