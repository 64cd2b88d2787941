/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment of a task that records or replays: composed once here for the dlfm command, the Slurm
 * plugin and the PBS wrapper, and merged with what the user set (ld.so(8)):
 *
 *	LD_AUDIT	<lib>/dlfm-audit.so put in front of the user's list     (layer dl)
 *	LD_PRELOAD	<lib>/libdlfm.so put in front of the user's list        (layer fm)
 *	GLIBC_TUNABLES	glibc.rtld.optional_static_tls behind the user's, if the user's is smaller (layer dl)
 *	DLFM_IMAGE	the node image (replay)
 *	DLFM_JOURNAL	the journal directory (record; with an image: report and learning)
 *
 * Composing twice gives the same as once (an inner launcher does not add the objects again; another image's
 * objects are replaced). Depends on libc alone.
 */
#ifndef DLFM_TASK_ENV_H
#define DLFM_TASK_ENV_H

#include <stdint.h>

#include "cache-tools/error.h"

struct dlfm_task_env {
	unsigned layers; /* DLFM_USE_* of job-option.h */
	const char
		*lib; /* directory of the two injected objects: <image>/lib, or the installed one */
	const char *image;   /* NULL: none */
	const char *journal; /* NULL: none */
	uint64_t
		static_tls; /* bytes that the recorded start-up objects need; 0: no more than the least */
};

/* Generous static TLS while recording, bytes. */
#define DLFM_RECORD_STATIC_TLS (256 * 1024)

/* How the caller reads and sets variables of the environment that is to be. */
struct dlfm_env_ops {
	const char *(*get)(void *arg, const char *name);	    /* NULL if unset */
	int (*set)(void *arg, const char *name, const char *value); /* NULL value: unset; 0 or -1 */
	void *arg;
};

/*
 * The layers of a replay that can work where ld.so is of this glibc version ("2.36", gnu_get_libc_version(3)). Before 2.33
 * there is no tunable for static TLS, and start-up libraries that need more than what is left over cannot be loaded
 * under any auditor (BZ 31991): then the dl layer is left out.
 */
unsigned dlfm_layers_possible(unsigned layers, uint64_t static_tls, const char *libc_version);

/*
 * Composes the environment; of a replay only the layers that are possible here. Nothing is set if `get` says DLFM_DISABLE is on. Returns 0, or -1 with a text
 * (no memory, set failed, a `lib` that ld.so's lists cannot hold: relative, or with a colon, a space or a '$').
 */
int dlfm_task_env_compose(const struct dlfm_task_env *t, const struct dlfm_env_ops *ops,
			  struct dlfm_error *e);
/* Takes everything of DLFM out again (the user's own parts stay). */
int dlfm_task_env_remove(const struct dlfm_env_ops *ops, struct dlfm_error *e);

#endif
