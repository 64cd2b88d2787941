/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A user's store in one staging directory, `<dir>/dlfm-<uid>/` (stage.h says what it holds): opened
 * without following links, checked for its owner, locked around changes. Private to staging, leases
 * and sweeping.
 */
#ifndef DLFM_STORE_H
#define DLFM_STORE_H

#include <dirent.h>
#include <limits.h>
#include <sys/types.h>

#include "cache-tools/error.h"
#include "cache-tools/stage.h"

/* What begins the name of a journal directory; the key follows. */
#define DLFM_STORE_JOURNAL "journal."

/*
 * The name of a store in an open directory: "dlfm-<uid>"; while that belongs to a user who is neither `uid` nor root,
 * "dlfm-<uid>-<8 hexadecimal digits>". Returns 1; 0 if there is no store (not with `make`, which makes one of the second
 * kind and leaves one of the first kind to the caller); -1 with a text.
 */
#define DLFM_STORE_NAME 32
int dlfm_store_name(int dir, uid_t uid, int make, char name[DLFM_STORE_NAME], struct dlfm_error *e);
/* Whose store is that directory? 0; -1 if it is none: another name, or an owner whom the name does not name. */
int dlfm_store_owner(int dir, const char *name, uid_t *uid);

enum dlfm_store_how {
	DLFM_STORE_LOOK,   /* to read only; also for another user's */
	DLFM_STORE_CHANGE, /* if it is there */
	DLFM_STORE_MAKE,   /* and if it is not, make it */
};

struct dlfm_store {
	int fd;	    /* <dir>/dlfm-<uid> */
	int leases; /* <dir>/dlfm-<uid>/leases; -1 if it is not there */
	int lock;   /* <dir>/dlfm-<uid>/lock; -1: not opened */
	uid_t uid;
	enum dlfm_store_how how;
	char path[PATH_MAX];
};

/* The directories to go through: `dirs`, or the defaults if it is NULL. Valid until the next call
 * by this thread. */
const char *const *dlfm_store_dirs(const char *const *dirs);

/*
 * Opens the store of `uid` in `dir`. Returns 1; 0 if it is not there (not with MAKE); -1 with a
 * text if it must not be used: a link, somebody else's, open to others, or in a directory where
 * others could replace it.
 */
int dlfm_store_open(struct dlfm_store *s, const char *dir, uid_t uid, enum dlfm_store_how how,
		    struct dlfm_error *e);
void dlfm_store_close(struct dlfm_store *s);

/*
 * Takes the store's lock; waits at most 10 seconds. Closing the store releases it, too. If the
 * store was removed meanwhile it is opened afresh. Returns 0; 1 if it is not there any more (not
 * with MAKE); -1 with a text.
 */
int dlfm_store_lock(struct dlfm_store *s, struct dlfm_error *e);
void dlfm_store_unlock(struct dlfm_store *s);

/* Removes a store that holds nothing any more (under the lock, which goes with it). */
void dlfm_store_retire(struct dlfm_store *s);

/* An image of this id: 1 if it is there and to be trusted, 0 if not there, -1 with a text if not to
 * be trusted. */
int dlfm_store_has(const struct dlfm_store *s, const char *id, struct dlfm_error *e);
/* A stream of the names in a directory, from its start; NULL with errno. */
DIR *dlfm_store_names(int fd);

/* Is it a name of an image: 32 hexadecimal digits? */
int dlfm_store_is_id(const char *name);

/*
 * A new directory, named ".<what>.<pid>.<n>" and exclusively flocked, which tells sweepers that its
 * maker lives (hold the store's lock). Returns its descriptor and its name, or -1 with a text.
 */
int dlfm_store_temp(const struct dlfm_store *s, const char *what, char name[NAME_MAX + 1],
		    struct dlfm_error *e);
/* Is a directory of such a name being built by somebody who lives? Its descriptor (>= 0, to wait
 * for its flock), or -1. */
int dlfm_store_builder(const struct dlfm_store *s, const char *id);

/* Renames an image or a temporary away, to be removed by dlfm_store_empty(); 0, or -1 with errno.
 */
int dlfm_store_discard(const struct dlfm_store *s, const char *name);
/* Discards all temporaries whose makers are gone (hold the store's lock). Returns how many. */
int dlfm_store_discard_dead(const struct dlfm_store *s);
/* Removes all that was discarded, never following a link; not under the lock, it may take long. -1:
 * something is left. */
int dlfm_store_empty(const struct dlfm_store *s);

#endif
