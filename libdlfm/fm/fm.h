/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libdlfm.so from inside: what the families of calls share.
 *
 * Every wrapper has the same three steps: if the image knows, answer; else call the real function
 * with the very arguments; then note in the journal what was asked. Nothing here allocates, locks,
 * or holds a descriptor, and errno changes only as the caller expects it of the function.
 */
#ifndef DLFM_FM_H
#define DLFM_FM_H

/* The definitions here are of the functions that the checking headers would redirect. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1 /* glibc before 2.33: no inline stat() */
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>
#include <utime.h>

#include "libdlfm/fm/calls.h"
#include "libdlfm/image.h"
#include "libdlfm/journal.h"

#define FM_EXPORT    __attribute__((visibility("default")))
#define FM_HIDDEN    __attribute__((visibility("hidden")))
#define fm_likely(x) __builtin_expect(!!(x), 1)

#ifndef O_TMPFILE /* glibc before 2.19 */
#define O_TMPFILE (020000000 | O_DIRECTORY)
#endif

struct statx;

/* Every function is declared: some have no header any more. */
#define X(result, name, params) result name params;
DLFM_FM_CALLS(X)
#undef X

/* ---- the real functions (real.c) ---- */

struct fm_real {
#define X(result, name, params) result(*name) params;
	DLFM_FM_CALLS(X)
#undef X
};
extern FM_HIDDEN struct fm_real fm_real;
#define REAL(name) (fm_real.name)

/*
 * Finds every function in the objects that follow this one in the search order (what
 * dlsym(RTLD_NEXT) finds).
 */
FM_HIDDEN void fm_find_real(void);
/* What was not found: a substitute, or a function that fails with ENOSYS (old-libc.c). */
FM_HIDDEN void fm_fill_missing(struct fm_real *real);

/* The version that __xstat and kin are called with: _STAT_VER of <bits/stat.h> before glibc 2.33.
 */
#ifdef __x86_64__
#define FM_STAT_VERSION 1
#else
#define FM_STAT_VERSION 0
#endif
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "64-bit processors only");

/* ---- this process (init.c) ---- */

struct fm {
	struct dlfm_image image;
	struct dlfm_journal *journal;
	uint32_t state;	    /* enum fm_state */
	uint32_t answering; /* the image may answer: cleared when the process takes another identity
			     */
	uint32_t away;	 /* has mounts of its own and changes them: its paths are nobody else's */
	uint32_t access; /* recorded access() results are this user's */
	uint32_t image_len; /* length of the image directory's name, 0: no image */
};
extern FM_HIDDEN struct fm fm;

enum fm_state { FM_NEW, FM_STARTING, FM_ASIDE, FM_ACTIVE };

FM_HIDDEN int fm_start(void);

/* Whether there is anything to do but calling the real function. */
static inline int fm_on(void)
{
	uint32_t state = __atomic_load_n(&fm.state, __ATOMIC_ACQUIRE);

	return fm_likely(state >= FM_ASIDE) ? state == FM_ACTIVE : fm_start();
}

/* The image directory, fm.image_len bytes. */
static inline const char *fm_image_dir(void)
{
	return (const char *)fm.image.base + fm.image.header->strings.offset;
}

/* ---- where a call's path is (place.c) ---- */

/*
 * Writes the absolute path (not normalised) of `path` relative to dirfd or the working directory,
 * and returns its length; 0 if it cannot be told (too long, deleted or unreachable directory, empty
 * path). errno is kept.
 */
FM_HIDDEN size_t fm_absolute(char buf[PATH_MAX], int dirfd, const char *path);
/* The same in less room: FM_SHORT_PATH first, so that threads and signal handlers with small stacks have enough. */
FM_HIDDEN size_t fm_absolute_within(char *buf, size_t size, int dirfd, const char *path);
#define FM_SHORT_PATH 768
/* /proc, /sys, /dev, and the image itself: never looked up, never recorded. */
FM_HIDDEN int fm_is_local(const char *path, size_t len);
/*
 * The path of an open descriptor as the kernel knows it, 0 if it has none. A staged file's is the
 * original one, and then *staged (which may be NULL) becomes 1.
 */
FM_HIDDEN size_t fm_descriptor_path(char buf[PATH_MAX], int fd, int *staged);

/* ---- asking and noting (ask.c) ---- */

/* What the image knows; DLFM_UNKNOWN if there is none. Counts. */
FM_HIDDEN struct dlfm_found fm_ask(int dirfd, const char *path, int follow);

FM_HIDDEN void fm_note_path(int dirfd, const char *path, unsigned op, int err);
/* A record of another kind: DLFM_REC_WRITE is counted, too. Keeps errno. */
FM_HIDDEN void fm_note_record(int dirfd, const char *path, enum dlfm_record_kind kind, unsigned op,
			      int err);

/* Notes what the real function said: a negative rc means errno. Returns rc and keeps errno. */
static inline int fm_note(int dirfd, const char *path, unsigned op, int rc)
{
	if (fm.journal)
		fm_note_path(dirfd, path, op, rc < 0 ? errno : 0);
	return rc;
}

static inline void fm_count(enum dlfm_counter which)
{
	if (fm.journal)
		dlfm_journal_count(fm.journal, which);
}

/* The entry of DLFM_PRESENT, else NULL. */
static inline const struct dlfm_image_entry *fm_entry(struct dlfm_found found)
{
	return found.answer == DLFM_PRESENT ? dlfm_image_entry(&fm.image, found.entry) : NULL;
}

/* The name of the staged file behind a regular file that was found, NULL if it is not staged. */
FM_HIDDEN const char *fm_staged(struct dlfm_found found);

/* Whether a wrapper's answer is for the real function: nothing that these functions return. */
#define FM_PASS (-4096)

/*
 * strcmp(3) and strncmp(3) for what may run before other objects' initialisers: a sanitizer's are not ready when its own
 * initialiser makes its first calls, and crash. (Its strlen and memcmp are.)
 */
static inline int fm_begins(const char *s, const char *with)
{
	while (*with && *s == *with)
		s++, with++;
	return !*with;
}

static inline int fm_same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static inline int fm_fail(int err)
{
	errno = err;
	return -1;
}

/* ---- opening (open.c) ---- */

/* A descriptor of the staged file, -1 with errno for a file that is known not to be there, or
 * FM_PASS. */
FM_HIDDEN int fm_open_staged(int dirfd, const char *path, int flags);

#endif
