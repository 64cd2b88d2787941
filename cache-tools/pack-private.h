/* SPDX-License-Identifier: BSD-3-Clause */
/* What the steps of pack share: collect -> walk -> choose -> contents -> resolve. */
#ifndef DLFM_PACK_PRIVATE_H
#define DLFM_PACK_PRIVATE_H

#include <pthread.h>

#include "cache-tools/arena.h"
#include "cache-tools/cache-write.h"
#include "cache-tools/file-systems.h"
#include "cache-tools/history.h"
#include "cache-tools/journal-read.h"
#include "cache-tools/model.h"
#include "cache-tools/pack.h"

enum {			      /* flags of a path that the journals have */
       ASKED_FOUND = 1 << 0,  /* a lookup succeeded */
       ASKED_WRITE = 1 << 1,  /* the run made, changed or removed it */
       ASKED_TRY = 1 << 2,    /* ld.so searched for it */
       ASKED_OBJECT = 1 << 3, /* ld.so mapped it */
       ASKED_MAIN = 1 << 4,   /* it is a program that ran */
       ASKED_CWD = 1 << 5,    /* it was a working directory */
};

struct asked { /* a path as the journals have it */
	const char *path;
	uint32_t len;
	unsigned ops, flags;
	uint32_t stats, lists; /* how often, in the process that did it most */
	int native;   /* an object for this machine: 1, it is not: 0, not looked up yet: -1 */
	uint64_t tls; /* of an object, once native is known */
};

/* a candidate of a search; asked: DLFM_NONE ends the list; how: LA_SER_* */
struct
try {
	uint32_t asked, next, how;
};

struct search { /* one search of ld.so */
	uint32_t table;
	uint32_t ld_cache; /* of the node */
	const char *requester, *name;
	uint32_t first, last; /* tries */
};

enum {			      /* what pack knows of an entry, beside the entry */
       NOTE_LOOKED = 1 << 0,  /* the file system was asked: lerr, err, canon, st are set */
       NOTE_LOOKING = 1 << 1, /* ... is being asked: a link that leads to itself */
       NOTE_FAILED = 1 << 2,  /* lstat failed for another reason than absence */
       NOTE_WRITTEN = 1 << 3, /* by the run */
       NOTE_BELOW_WRITTEN = 1 << 4,
       NOTE_LIVE = 1 << 5, /* a directory whose names change while jobs run */
       NOTE_TRY = 1 << 6,
       NOTE_OBJECT = 1 << 7,
       NOTE_MAIN = 1 << 8,
       NOTE_FOUND = 1 << 9,
       NOTE_IMPORT_NAME =
	       1 << 10, /* absent; a name of Python's import system was asked for below it */
       NOTE_CODE = 1 << 11,
       NOTE_NOT_CODE = 1 << 12,
       NOTE_IMPORT_DIR = 1 << 13,
       NOTE_NOT_IMPORT_DIR = 1 << 14,
       NOTE_CONTENT = 1 << 15,	  /* its content is to be stored */
       NOTE_PROGRAMS = 1 << 16,	  /* a directory that holds a program that ran */
       NOTE_WANTED = 1 << 17,	  /* it or something below it answers */
       NOTE_ABOVE_LIVE = 1 << 18, /* a directory above a live one */
       NOTE_WRITABLE = 1 << 19,	  /* a directory that the user may change */
       NOTE_READ_ONLY = 1 << 20,
       NOTE_HAS_ABSENT = 1 << 21, /* a directory in which names are known to be absent */
};

struct note {
	unsigned flags, ops;
	uint32_t stats, lists;
	int dir; /* descriptor of an open directory, plus 1 */
};

struct pack {
	const struct dlfm_pack_options *options;
	const struct dlfm_policy *policy;
	struct dlfm_pack_report *report;
	struct dlfm_error *e;
	struct dlfm_file_systems *systems;
	struct dlfm_arena *arena;
	struct dlfm_history *history; /* NULL: not wanted */

	struct asked *asked;
	uint32_t n_asked, max_asked;
	struct dlfm_index_set asked_set;
	struct search *searches;
	uint32_t n_searches, max_searches;
	struct try *tries;
	uint32_t n_tries, max_tries;
	const char **programs, **nodes; /* distinct, for the provenance */
	uint32_t n_programs, max_programs, n_nodes, max_nodes;
	unsigned n_layer[2]; /* journals of fm, of dl: each process has one of each */
	uint64_t static_tls;

	struct dlfm_cache *cache;
	struct note *notes;	   /* one an entry */
	unsigned n_dirs, max_dirs; /* open directories */
	pthread_mutex_t reach;
	uint32_t max_notes;
};

/* ---- pack-collect.c: what the journals say ---- */
int dlfm_pack_collect(struct pack *p, const char *const *dirs, size_t n_dirs);

/* ---- pack-walk.c: every spelling, ancestor, link and canonical twin gets an entry ---- */

/*
 * Walks a path as the kernel does. Returns the entry of its last name as spelled (absent names included); DLFM_NONE if
 * there is none: an ancestor is absent or no directory, a loop, no memory (p->e is set, *failed is 1). *stopped
 * is the last entry that was reached. Every entry on the way gets `flags` (DLFM_ENTRY_*).
 */
uint32_t dlfm_pack_walk(struct pack *p, const char *path, unsigned flags, uint32_t *stopped,
			int *failed);
/* Walks all asked paths and enters what was asked of them into the notes. */
int dlfm_pack_walk_all(struct pack *p);

/* ---- pack-reach.c: the file system is asked relative to open directories, one name at a time ---- */

/*
 * A canonical entry as an open directory and a name in it: on a file system whose client keeps nothing, a whole path would
 * cost a request for each of its names. AT_FDCWD and the whole path if the directory cannot be opened. The
 * descriptor stays valid until the next call.
 */
int dlfm_pack_reach(struct pack *p, uint32_t entry, const char **name);
/* openat(2) of it, for any thread. */
int dlfm_pack_open(struct pack *p, uint32_t entry, int flags);
void dlfm_pack_close_directories(struct pack *p);

/* ---- pack-classify.c: code or data ---- */
int dlfm_pack_is_code(struct pack *p, uint32_t entry);	     /* a regular file */
int dlfm_pack_is_import_dir(struct pack *p, uint32_t entry); /* a directory */
/* Is the path one that only an import system (Python's, Perl's) looks for? */
int dlfm_pack_is_import_name(const char *path);
/* A .pyc below __pycache__, or __pycache__ itself. */
int dlfm_pack_is_bytecode(const char *path);

/* ---- pack-languages.c: modules of languages other than Python ---- */
int dlfm_pack_is_module(const char *name);
/* Does a directory of this name (a component of the path, len bytes) hold only modules and what belongs to them? */
int dlfm_pack_is_module_dir(const char *path, const char *name, size_t len);
/* A directory in which one of these was found is a package, of Python, too; NULL ends the list. */
extern const char *const dlfm_pack_package_files[];

/* Is the path, as the journals have it, an object for this machine? Looks once. */
int dlfm_pack_is_native(struct asked *a);

/* ---- pack-choose.c: which entries answer, which have contents; DLFM_ENTRY_KNOWN, NOTE_CONTENT ---- */

/* Files, absent names and directories of code. */
void dlfm_pack_choose(struct pack *p);
/* What follows from these: directories above, links, other spellings. */
void dlfm_pack_choose_rest(struct pack *p);
/* Takes out what is of no use; settles the cache. */
int dlfm_pack_prune(struct pack *p);

/* ---- pack-contents.c ---- */

/* Stores the contents of the chosen files; those that change or cannot be read do not answer. */
int dlfm_pack_contents(struct pack *p, struct dlfm_cache_writer *w);
/* Listings, and what the user may do with each path. */
int dlfm_pack_listings(struct pack *p);

/* ---- pack-history.c ---- */

/* Puts the history into the cache; before pruning. */
int dlfm_pack_history(struct pack *p);

/* ---- pack-resolve.c: resolutions, and LIBDIR flags of the searched directories ---- */
int dlfm_pack_resolve(struct pack *p);

int dlfm_pack_is_stopped(const struct pack *p);
/* Tells how far pack is. -1: it shall stop. */
int dlfm_pack_progress(struct pack *p, const char *what, uint64_t done, uint64_t total);
/* Tells whoever wants to know, and the history, that a path is left out. */
void dlfm_pack_leave_out(struct pack *p, uint32_t entry, uint64_t *count, enum dlfm_left_out why);
/* DLFM_NOT_LEFT_OUT if the entry's file system is in scope (or the path included) and the path not excluded. */
enum dlfm_left_out dlfm_pack_scope(struct pack *p, uint32_t entry);

static inline int pack_is_dir(const struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];

	return (p->notes[i].flags & NOTE_LOOKED) && entry->lerr == 0 &&
	       (entry->st.mode & 0170000) == 0040000;
}

static inline int pack_no_memory(struct pack *p)
{
	return dlfm_errf(p->e, "no memory to pack");
}

#endif
