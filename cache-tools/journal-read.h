/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading journals (libdlfm/journal.h): of processes that are gone, were killed or still run. What a killed writer left half
 * written is skipped; what does not look like a record is searched for the next one.
 */
#ifndef DLFM_JOURNAL_READ_H
#define DLFM_JOURNAL_READ_H

#include <stddef.h>

#include "cache-tools/error.h"
#include "libdlfm/journal.h"

struct dlfm_journal_copy {
	struct dlfm_journal_header header;	/* checked */
	const char *program, *node, *cwd;	/* "" if not known */
	const char *ld_library_path, *tunables; /* NULL: unset */
	char *bytes;				/* the file up to its tail */
	size_t size;
	size_t first; /* offset of the first record */
};

struct dlfm_journal_line { /* one record */
	enum dlfm_record_kind kind;
	unsigned ops;
	int err;
	uint32_t count, thread;
	const char *a, *b; /* NUL-terminated; "" if there is none */
	uint32_t a_len, b_len;
};

/*
 * Reads a journal whole. Returns 0; 1 if the file is no journal (too short, another magic: its process was killed before
 * it began); -1 with a text: it cannot be read, has another version.
 */
int dlfm_journal_copy(struct dlfm_journal_copy *j, int dirfd, const char *name,
		      struct dlfm_error *e);
void dlfm_journal_release(struct dlfm_journal_copy *j);

/* The record at or behind *at (begin with j->first); moves *at behind it. 0 at the end, else 1. */
int dlfm_journal_next(const struct dlfm_journal_copy *j, size_t *at,
		      struct dlfm_journal_line *line);

/* Does it tell of DLFM's own objects, which come to the nodes with the image and not with the cache? */
int dlfm_journal_is_own(const struct dlfm_journal_line *line);

/*
 * Calls `take` with every journal of a directory, in the order of their names. Returns how many there were, or -1 with a
 * text (also if `take` returned -1). Other files are ignored.
 */
int dlfm_journal_each(const char *dir,
		      int (*take)(void *arg, const struct dlfm_journal_copy *j,
				  struct dlfm_error *e),
		      void *arg, struct dlfm_error *e);

#endif
