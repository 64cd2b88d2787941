/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Staging on one node: the bytes of a cache go in, in order, and a node image comes out.
 *
 *	<dir>/dlfm-<uid>/		0700, the user's; `dir` is the first of the list that will do
 *	    <cache id>/			an image (libdlfm/image.h), renamed to this when complete
 *	    .<cache id>.<pid>.<n>/	one being built; swept when its builder is gone
 *	    leases/<key>		lease: a symbolic link to ../<cache id>
 *	    journal.<key>/		journals of a recording; gone with the lease of that key
 *	    lock			flock(2) around changes of leases and images
 *
 * Everything below `dir` is opened with O_NOFOLLOW and checked for its owner; a directory that
 * somebody else made is refused, never used and never removed. Everything is done as the calling
 * user. Decompression and writing run in threads of the stager; memory in flight is bounded,
 * whatever the size.
 */
#ifndef DLFM_STAGE_H
#define DLFM_STAGE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cache-tools/error.h"

#define DLFM_CACHE_ID_TEXT 33  /* 32 hexadecimal digits and a NUL */
#define DLFM_LEASE_KEY_MAX 128 /* [A-Za-z0-9._+-], by convention <job id>.<step id> */

struct dlfm_stage_options {
	const char *const
		*dirs;	    /* NULL-terminated, tried in order; NULL: /dev/shm, $TMPDIR, /tmp */
	const char *libdir; /* where dlfm-audit.so and libdlfm.so are copied from; NULL: the
			       installed ones */
	const char *lease;  /* key to take when the image is ready; NULL: none */
	uint64_t max_size;  /* refuse an image of more bytes; 0: no limit but the space */
	unsigned threads;   /* for decompression; 0: as many as CPUs, at most 4 */
	unsigned wait;	    /* seconds to wait for a process of this node that stages the same image
			       already; 0: do not */
	int (*stop)(void);  /* shall waiting and reading a file stop? Asked often; may be NULL */
	/* Called, by several threads, when a frame was decompressed or checked and written: what was
	 * done, when it began (CLOCK_MONOTONIC, seconds), its bytes. For figures; may be NULL. */
	void (*trace)(const char *what, double begin, uint64_t bytes);
	int keep; /* without a lease: one that keeps the image until the user's next sweep */
};

/* What must be known of a cache before its bytes come: the first DLFM_CACHE_HEADER_SIZE bytes tell.
 */
struct dlfm_cache_brief {
	char id[DLFM_CACHE_ID_TEXT];
	uint64_t file_size;	/* bytes of cache.dat */
	uint64_t metadata_size; /* bytes of the metadata, decompressed */
	uint64_t content_size;	/* bytes of all contents, each once, decompressed */
	uint64_t files_size;	/* bytes of all staged files (several may have one content) */
	uint64_t n_files;	/* staged files */
	uint64_t n_entries;	/* recorded paths */
};
#define DLFM_CACHE_HEADER_SIZE 256
/* Reads a header that was received or read. -1 with a text if it is not one (magic, version,
 * digest, sizes). */
int dlfm_cache_brief(struct dlfm_cache_brief *b, const void *header, size_t size,
		     struct dlfm_error *e);

struct dlfm_stager;

enum dlfm_stage_state {
	DLFM_STAGE_NEEDED = 0, /* feed the cache */
	DLFM_STAGE_READY =
		1, /* this node has the image already, and the lease is taken: feed nothing */
};
/*
 * Looks for the image, else chooses and prepares a directory (space for the whole image, files may
 * be mapped executable). Returns DLFM_STAGE_NEEDED or DLFM_STAGE_READY with *st set, or -1 with a
 * text that names each directory and why it will not do; then nothing is left behind and *st is
 * NULL.
 */
int dlfm_stager_open(struct dlfm_stager **st, const struct dlfm_cache_brief *brief,
		     const struct dlfm_stage_options *options, struct dlfm_error *e);
/*
 * Takes the next `size` bytes of cache.dat, from its first byte on, in pieces of any size; copies
 * what it keeps. Waits while too much is in flight. -1 (damaged data with the place, no space,
 * ...): the stager is dead, abort it.
 */
int dlfm_stager_feed(struct dlfm_stager *st, const void *data, size_t size, struct dlfm_error *e);
/*
 * All bytes were fed: waits for the threads, checks every digest, writes the index, renames, takes
 * the lease. If another process staged the same image meanwhile, that one is used. Frees *st in any
 * case.
 */
int dlfm_stager_finish(struct dlfm_stager *st, char image[PATH_MAX], struct dlfm_error *e);
/* Ends the stager and removes what it built. NULL is allowed. */
void dlfm_stager_abort(struct dlfm_stager *st);

/* The image of the open stager if it was DLFM_STAGE_READY (static text owned by st), else NULL. */
const char *dlfm_stager_image(const struct dlfm_stager *st);

/* Where the injected objects lie: $DLFM_LIBDIR (of a build tree), or where they are installed. */
const char *dlfm_libdir(void);

/* ---- leases: who uses an image (lease.c) ---- */

/*
 * Finds the image that lease `key` of user `uid` names: 1 and its path, 0 if there is none in any
 * directory, -1 with a text if there is one that must not be trusted (owner, mode, link). Used by
 * the task's side of the plugins.
 */
int dlfm_lease_find(const char *const *dirs, uid_t uid, const char *key, char image[PATH_MAX],
		    struct dlfm_error *e);
/*
 * Releases all leases of the calling user that equal `key` or begin with `key` and a ".", with
 * their journals; images that lose their last lease are removed. Returns the number of images
 * removed, or -1.
 */
int dlfm_lease_release(const char *const *dirs, const char *key, struct dlfm_error *e);
/* The key of a lease that ends with the calling process, for a replay without a job. */
void dlfm_lease_own_key(char key[DLFM_LEASE_KEY_MAX + 1]);
/* The key of journals that outlive the calling process: they go with a sweep, by their age. */
void dlfm_lease_left_key(char key[DLFM_LEASE_KEY_MAX + 1]);
/* Makes (or finds) the directory for the journals of `key`. -1 with the last directory's reason. */
int dlfm_journal_directory(const char *const *dirs, const char *key, char path[PATH_MAX],
			   struct dlfm_error *e);
/*
 * Removes what dead builders and dead processes left, and images and journals without a lease that
 * are older than `age` seconds (0: all without a lease), but nothing that a process still has
 * mapped. Run by each user for himself, by root for all users (forked to each owner's uid) at the
 * node's start. Returns the number of images and journals removed, or -1 with the first reason
 * (what could be removed is).
 */
int dlfm_stage_sweep(const char *const *dirs, unsigned age, struct dlfm_error *e);
/* The same, and everything else, leased and mapped or not. */
int dlfm_stage_sweep_all(const char *const *dirs, struct dlfm_error *e);

/* ---- one call for a cache file on this node (used by dlfm replay and dlfm stage) ---- */
int dlfm_stage_file(const char *cache, const struct dlfm_stage_options *options,
		    char image[PATH_MAX], struct dlfm_error *e);

/* The same for an open file (from dlfm_stale_open()); read from its start, stays open. */
int dlfm_stage_descriptor(int fd, const struct dlfm_stage_options *options, char image[PATH_MAX],
			  struct dlfm_error *e);

/* Which layers a directory of injected objects has: DLFM_USE_* (a build may leave one out). */
unsigned dlfm_layers_in(const char *libdir);
/* Bytes for GLIBC_TUNABLES that an image asks for (its index says it), 0 if none. */
uint64_t dlfm_image_static_tls(const char *image);

#endif
