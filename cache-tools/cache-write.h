/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing cache.dat. Contents come first, into an unlinked file beside the final one (the metadata,
 * which stands before them, is known only at the end); then header, metadata and contents go to a
 * temporary file, which is renamed.
 */
#ifndef DLFM_CACHE_WRITE_H
#define DLFM_CACHE_WRITE_H

#include "cache-tools/cache-file.h"
#include "cache-tools/model.h"

struct dlfm_cache_writer;

/*
 * Can a cache be written under this name? The directory exists and may be written, the name is free
 * or a regular file. 0, or -1 with a text. (Asked before a long run, so that nothing is lost.)
 */
int dlfm_writer_check(const char *name, struct dlfm_error *e);

/* Starts a cache that is to stand under `name` at the end. -1 with a text; then *w is NULL. */
int dlfm_writer_open(struct dlfm_cache_writer **w, const char *name, struct dlfm_error *e);

/* Where contents come from. `open` and `check` are called by several threads at once, `done` by one
 * at a time. */
struct dlfm_content_source {
	/* A descriptor of the i-th file and its size; -1: leave it out. The writer closes it. */
	int (*open)(void *arg, size_t i, uint64_t *size);
	/* Was what was read one state of the file? 1: yes; 0: no, it is left out; 2: read it again.
	 */
	int (*check)(void *arg, size_t i, int fd);
	/* Which content it became (in ascending order of i); DLFM_NONE: it was left out. */
	void (*done)(void *arg, size_t i, uint32_t content);
	/* Shall the rest be left out? Called by several threads at once; may be NULL. */
	int (*stop)(void *arg);
	void *arg;
};
/*
 * Reads, digests, compresses and stores n files in `threads` threads (0: as many as CPUs, at least
 * 2, at most 8); a content that is there already is not stored again. Adds them to c->contents. The
 * result does not depend on the threads. -1 with a text: the cache cannot be written (no space
 * ...).
 */
int dlfm_writer_add(struct dlfm_cache_writer *w, struct dlfm_cache *c,
		    const struct dlfm_content_source *source, size_t n, unsigned threads,
		    struct dlfm_error *e);
/*
 * Copies content i of another cache as it stands, after checking its digest. Returns its index in
 * c, or -1 with a text (more than 2^31 contents are refused).
 */
int64_t dlfm_writer_copy(struct dlfm_cache_writer *w, struct dlfm_cache *c,
			 const struct dlfm_cache_file *from, uint32_t i, struct dlfm_error *e);

/*
 * Takes over contents of another cache as they stand, unchecked (who stages or verifies the new one checks them): those
 * for which map[i] is not DLFM_NONE; it becomes the content's index in c. To be called on a new cache. -1 with a text.
 */
int dlfm_writer_adopt(struct dlfm_cache_writer *w, struct dlfm_cache *c,
		      const struct dlfm_cache_file *from, uint32_t *map, struct dlfm_error *e);

/*
 * Settles c, writes all and renames. c->header is what was written. Frees *w in any case; on
 * failure nothing is left and what stood under the name still does.
 */
int dlfm_writer_finish(struct dlfm_cache_writer *w, struct dlfm_cache *c, struct dlfm_error *e);
/* The same into an unlinked file beside the name, which stays as it is; returns its descriptor, at
 * offset 0. */
int dlfm_writer_finish_unnamed(struct dlfm_cache_writer *w, struct dlfm_cache *c,
			       struct dlfm_error *e);
void dlfm_writer_abort(struct dlfm_cache_writer *w); /* NULL is allowed */

#endif
