/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gathering journals: of a record, or of a replay that reports or learns. Its target is the cache or the report that is to
 * be made of them. When all tasks of a node have ended, its slurmstepd has the node's journals copied to
 * `<target>.<job>.<step>.parts/`; the last node makes the target of them and removes the directory (dlfm-collect).
 * What is not as it should be (tasks killed, a node's journals missing) stands in `<target>.log`, which is absent otherwise.
 */
#ifndef DLFM_SPANK_GATHERING_H
#define DLFM_SPANK_GATHERING_H

#include "spank-plugin/ticket.h"

/* ---- gathering-names.c ---- */

/* Are the step's journals wanted? */
int gathering_wanted(const struct dlfm_job_option *o);
const char *gathering_target(const struct dlfm_job_option *o);
/* `<target>.<job>.<step>.parts`; -1 if it does not fit. */
int gathering_parts(const struct ticket *t, char path[PATH_MAX]);
/*
 * Makes that directory, or finds it: the user's own, or who else can write there would have a say in what the cache
 * resolves. -1 with a text.
 */
int gathering_make_parts(const char *path, struct dlfm_error *e);
/* `<target>.log`; -1 if it does not fit. */
int gathering_log(const struct ticket *t, char path[PATH_MAX]);

/*
 * Asks the server how a file or directory is, whatever the client remembers: others are at work there. An NFS client would believe
 * for half a minute what it saw (nfs(5), acdirmin), also that a name is absent. 0, or -1 with errno; ENOENT for all that is gone.
 */
int gathering_look_afresh(const char *path);

/* ---- gathering.c: srun's side ---- */

/*
 * If journals are wanted: settles the target's name if none was given, and makes the directory of the parts, so that what
 * cannot be written is known before the tasks start. -1 with a text.
 */
int gathering_prepare(struct ticket *t, struct dlfm_error *e);
/* When srun ends: waits, bounded and interruptible, for the target, and says in one line where it is. */
void gathering_finish(unsigned timeout);

#endif
