/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cache in memory: what pack builds, the writer writes, the reader reads and stage consumes.
 *
 * libdlfm/image.h says what entries, listings, tables and resolutions mean; here they are with
 * pointers instead of offsets. All strings are NUL-terminated and belong to the cache, as does
 * everything that is reached from it.
 *
 * A cache that came from the reader, or that was settled, is in order: entries ascend by the bytes
 * of their paths (so a parent stands before its children, "/" first), contents by their place in
 * the file.
 */
#ifndef DLFM_MODEL_H
#define DLFM_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "cache-tools/error.h"
#include "cache-tools/stage.h"
#include "libdlfm/image.h"

#define DLFM_DIGEST_SIZE 16

struct dlfm_cache_name {
	const char *name;
	uint64_t ino;
	uint32_t type; /* DT_* */
	uint32_t len;
};

struct dlfm_cache_entry {
	const char *path;
	uint32_t path_len;
	uint32_t parent; /* itself for "/" */
	uint32_t canon;	 /* DLFM_NONE: there is none */
	uint32_t flags;	 /* DLFM_ENTRY_*; never STAGED, which stage sets (an entry whose canon has a
			    content) */
	int32_t lerr, err;
	uint32_t content; /* of a canonical regular file; DLFM_NONE: none */
	uint32_t n_names; /* LISTED */
	const struct dlfm_cache_name *names;
	const char *target;	   /* of a symbolic link, else NULL */
	struct dlfm_image_stat st; /* lstat when packed, with the original dev and ino */
};

struct dlfm_cache_content {
	unsigned char digest[DLFM_DIGEST_SIZE];
	uint64_t size;	      /* decompressed */
	uint64_t offset;      /* of its first frame, from header.contents_offset */
	uint64_t stored;      /* bytes of its frames */
	uint32_t first_frame; /* in frames[] */
	uint32_t n_frames;    /* size / DLFM_CACHE_FRAME, rounded up */
};

struct dlfm_cache_table {
	uint64_t fingerprint; /* libdlfm/fingerprint.h; never 0 */
	uint64_t hwcaps;
	const char *program;
	const char *ld_library_path; /* NULL: unset */
};

struct dlfm_cache_resolution {
	uint32_t table;
	uint32_t ld_cache; /* as in cache-format.h */
	uint32_t n_guards;
	const char *requester, *name, *answer;
	const char *const *guards;
};

/* The header of a file, decoded (cache-format.h). */
struct dlfm_cache_header {
	unsigned char id[DLFM_DIGEST_SIZE];
	uint64_t file_size;
	uint64_t metadata_offset, metadata_stored, metadata_size;
	uint64_t contents_offset, contents_stored, contents_size;
	uint64_t n_contents, n_entries, n_files, files_size;
	int64_t created;
	int64_t first_read; /* never 0 once decoded */
	uint64_t flags;	    /* DLFM_CACHE_PARTIAL */
};

struct dlfm_cache_slots; /* path -> entry, digest -> content */
struct dlfm_arena;

struct dlfm_cache {
	struct dlfm_cache_header header; /* as read; the writer fills it */
	struct dlfm_cache_entry *entries;
	struct dlfm_cache_content *contents;
	uint32_t *frames; /* stored bytes of each frame */
	struct dlfm_cache_table *tables;
	struct dlfm_cache_resolution *resolutions;
	uint32_t n_entries, n_contents, n_frames, n_tables, n_resolutions;
	uint64_t static_tls; /* 0: no need */
	uint32_t packer_uid;
	uint32_t scope;		/* enum dlfm_scope */
	uint32_t flags;		/* DLFM_CACHE_PARTIAL */
	const char *provenance; /* JSON text; never NULL */
	const char *history;	/* what was looked up how often (history.h); NULL: not known */
	/*
	 * When the first of its paths was looked up, seconds; 0: when the writer was opened. What changed at that time or
	 * later may have changed again without a trace in its times, so it is read again before it is believed.
	 */
	int64_t first_read;

	/* private to model.c */
	struct dlfm_arena *arena;
	struct dlfm_cache_slots *slots;
	uint32_t max_entries, max_contents, max_frames, max_tables, max_resolutions;
};

/* An empty cache; NULL: no memory. */
struct dlfm_cache *dlfm_cache_new(void);
void dlfm_cache_free(struct dlfm_cache *c); /* NULL is allowed */

/* The entry of a path in normal form, DLFM_NONE if it has none. */
uint32_t dlfm_cache_find(const struct dlfm_cache *c, const char *path, size_t len);
/*
 * The same, but makes it and its ancestors if need be (canon DLFM_NONE, content DLFM_NONE, all else
 * 0). The path must be absolute and in normal form. DLFM_NONE: no memory. Moves c->entries.
 */
uint32_t dlfm_cache_add(struct dlfm_cache *c, const char *path, size_t len);

/* A copy of a text in the cache's memory; NULL: no memory. */
const char *dlfm_cache_text(struct dlfm_cache *c, const char *text, size_t len);
/* Zeroed memory that lives as long as the cache; NULL: no memory. */
void *dlfm_cache_alloc(struct dlfm_cache *c, size_t size);

/* The content with this digest and size, DLFM_NONE if there is none. */
uint32_t dlfm_cache_find_content(const struct dlfm_cache *c, const unsigned char *digest,
				 uint64_t size);
/* Adds a content (`content` is copied, first_frame and n_frames are set from the arguments).
 * DLFM_NONE: no memory. */
uint32_t dlfm_cache_add_content(struct dlfm_cache *c, const struct dlfm_cache_content *content,
				const uint32_t *frames, uint32_t n_frames);

/* The table with this fingerprint, made if need be (texts are copied). DLFM_NONE: no memory. */
uint32_t dlfm_cache_add_table(struct dlfm_cache *c, const struct dlfm_cache_table *table);
/* Adds a resolution; all texts and the guards are copied. 0, or -1: no memory. */
int dlfm_cache_add_resolution(struct dlfm_cache *c, const struct dlfm_cache_resolution *r);

/*
 * Puts entries, contents and resolutions in order and renumbers what refers to them. `keep`, if not
 * NULL, has a byte an entry: entries with 0 go (a kept entry's parent, and canon, must be kept).
 * Contents that no entry has stay. 0, or -1: no memory.
 */
int dlfm_cache_settle(struct dlfm_cache *c, const unsigned char *keep);

/* Lengths that belong to the whole: counts of files that are staged, their bytes. */
void dlfm_cache_totals(const struct dlfm_cache *c, uint64_t *n_files, uint64_t *files_size);

/* 32 hexadecimal digits of a digest. */
void dlfm_digest_text(char text[DLFM_CACHE_ID_TEXT], const unsigned char *digest);

#endif
