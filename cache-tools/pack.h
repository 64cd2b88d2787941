/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pack: from journals to cache.dat. The journals say which paths; each is looked up afresh, and one consistent state
 * of it is stored. doc/architecture.md has the rules of what is stored.
 */
#ifndef DLFM_PACK_H
#define DLFM_PACK_H

#include "cache-tools/error.h"
#include "cache-tools/policy.h"

struct dlfm_pack_options {
	const struct dlfm_policy *policy;
	const char *command; /* what was recorded, for the provenance; NULL: not known */
	int partial;	     /* it failed or was killed */
	int no_history;	     /* do not store what was looked up how often (history.h) */
	int *unnamed; /* if not NULL: no `output` is made, and this gets a descriptor of an unlinked
			 file beside it */
	unsigned threads; /* that read files; 0: as many as CPUs, 2 to 8 */
	/* Progress, may be NULL; called by one thread at a time. */
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
	/* Shall pack stop, with the text "interrupted"? Called by any thread, often; may be NULL. */
	int (*stop)(void *arg);
	/* One line for each path that was left out, with the reason; may be NULL. */
	void (*left_out)(void *arg, const char *path, const char *why);
	void *arg;
};

struct dlfm_pack_report {
	unsigned journals, processes; /* a process has a journal for each layer */
	unsigned lost;		      /* processes that lost records: no space for their journal */
	uint64_t asked;		      /* distinct paths in the journals */
	uint64_t known, files;	      /* entries that answer; files with a content */
	uint64_t written, transient, local, data, excluded, failed; /* paths left out, by reason */
	uint64_t resolutions, conflicts; /* stored; dropped since two processes disagreed */
	uint64_t bytes, file_size;	 /* of contents; of cache.dat */
	char id[33];
};

/*
 * Packs the journals of the directories into `output`. Returns 0 and fills *report, or -1 with a text; then no output is
 * there that was not before. A cache without any entry is not written: that is an error whose text says what to do.
 */
int dlfm_pack(const char *const *dirs, size_t n_dirs, const char *output,
	      const struct dlfm_pack_options *options, struct dlfm_pack_report *report,
	      struct dlfm_error *e);

#endif
