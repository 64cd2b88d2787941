/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the stager share. The way of the bytes: feed() (stage-feed.c) cuts the stream
 * into header, metadata and batches of whole frames; batches queue for the workers (stage-pool.c),
 * which decompress, check and write them (stage-write.c); the index comes last (stage-index.c).
 */
#ifndef DLFM_STAGE_PRIVATE_H
#define DLFM_STAGE_PRIVATE_H

#include <pthread.h>

#include "cache-tools/cache-read.h"
#include "cache-tools/stage-plan.h"
#include "cache-tools/stage.h"
#include "cache-tools/store.h"

/* Bytes of compressed frames that wait; a worker's buffer for one decompressed frame comes on top.
 */
#define DLFM_STAGE_QUEUE (8u << 20)
/* A batch is closed when it has so many bytes. */
#define DLFM_STAGE_BATCH (256u << 10)

/* ---- the mirror tree: stage-write.c ---- */

struct stage_inode {
	uint64_t dev, ino;
};

struct stage_tree {
	int root;	   /* <temporary>/root */
	const char *where; /* name of the store, for messages */
	struct dlfm_plan plan;
	struct stage_inode *staged; /* of each entry with DLFM_PLAN_FILE */
};

/* All directories; before any file. */
int stage_make_directories(const struct stage_tree *t, struct dlfm_error *e);
/* All links; after all files. */
int stage_make_links(const struct stage_tree *t, struct dlfm_error *e);
/* Writes a whole content to all its files. */
int stage_write_content(const struct stage_tree *t, uint32_t content, const void *data, size_t size,
			struct dlfm_error *e);
/* The same in pieces: a descriptor of the content's first file (-1: failed; -2: it has none) ... */
int stage_begin_content(const struct stage_tree *t, uint32_t content, struct dlfm_error *e);
int stage_add_content(const struct stage_tree *t, uint32_t content, int fd, const void *data,
		      size_t size, struct dlfm_error *e);
/* ... which is closed; the other files are copies. */
int stage_end_content(const struct stage_tree *t, uint32_t content, int fd, struct dlfm_error *e);
/* Permissions of a staged file: the recorded ones without set-id bits; what the packer could read,
 * the user (who owns the copy) can. */
mode_t stage_mode(const struct dlfm_image_stat *st);
/* A path that has the content, for messages. */
const char *stage_path_of(const struct dlfm_cache *c, uint32_t content);

/* ---- batches: stage-pool.c ---- */

/* A frame of a content; content n_contents: the end. A content of no bytes has no frame, but stands
 * here once. */
struct stage_place {
	uint32_t content, frame;
};
/* Bytes of the frame in the file. */
uint32_t stage_frame_stored(const struct dlfm_cache *c, struct stage_place p);
void stage_next(const struct dlfm_cache *c, struct stage_place *p);

struct stage_batch {
	struct stage_batch *next;
	struct stage_place from, to; /* to: past the last */
	uint64_t offset;	     /* of the first frame in cache.dat */
	size_t size;
	unsigned char data[];
};

struct stage_pool;
/* Starts the workers; `trace` as in stage.h. NULL with a text. */
struct stage_pool *stage_pool_start(const struct stage_tree *t, unsigned threads,
				    void (*trace)(const char *what, double begin, uint64_t bytes),
				    struct dlfm_error *e);
/* Queues a batch, which belongs to the pool from now on; waits while too much is queued. -1: a
 * worker failed. */
int stage_pool_put(struct stage_pool *p, struct stage_batch *b, struct dlfm_error *e);
/* Ends and frees the pool: after all work is done, or (now) at once. -1: a worker failed. */
int stage_pool_end(struct stage_pool *p, int now, struct dlfm_error *e);

/* ---- the rest ---- */

/* Writes index and dirty map into directory `temp`; `root` is the final name of the mirror tree. */
int stage_write_index(const struct stage_tree *t, int temp, const char *root, struct dlfm_error *e);

/* Is at least one injected object in `libdir`? */
int stage_check_objects(const char *libdir, struct dlfm_error *e);
/* Copies the injected objects of `libdir` into <temp>/lib. */
int stage_copy_objects(int temp, const char *where, const char *libdir, struct dlfm_error *e);

/* The text for a failure to make something in a store, by errno: no room, or what it was. Returns -1. */
int stage_failed(const char *where, const char *what, const char *name, struct dlfm_error *e);

/* May files in this directory be mapped executable, and is there room? Texts say why not. */
int stage_check_exec(int temp, const char *where, struct dlfm_error *e);
int stage_check_space(int fd, const char *where, const struct dlfm_cache_brief *b,
		      struct dlfm_error *e);
/* Bytes that the image may take at most. */
uint64_t stage_space_needed(const struct dlfm_cache_brief *b);

struct dlfm_stager {
	struct dlfm_cache_brief brief;
	const char *libdir; /* malloced, as are the next two; NULL: not given */
	char *lease;
	unsigned threads;
	int (*stop)(void);
	void (*trace)(const char *what, double begin, uint64_t bytes); /* may be NULL */
	struct dlfm_store store;
	char image[PATH_MAX]; /* final path */
	int is_ready;
	int temp; /* <store>/<temp_name>, flocked; -1: none */
	char temp_name[NAME_MAX + 1];

	/* the stream: bytes go to `part` until it has `want` */
	enum { STAGE_HEADER, STAGE_METADATA, STAGE_CONTENTS, STAGE_END } state;
	unsigned char *part;
	size_t have, want;
	uint64_t offset;	   /* of `part` in the file */
	struct stage_batch *batch; /* whose data `part` is */
	struct stage_place place;  /* next frame */
	unsigned char header[DLFM_CACHE_HEADER_SIZE];

	struct dlfm_cache *cache;
	struct stage_tree tree;
	struct stage_pool *pool;
	int is_dead;
	struct dlfm_error error; /* why */
};

/* Frees what the stream built: pool, cache, buffers. */
void stage_feed_free(struct dlfm_stager *st);

#endif
