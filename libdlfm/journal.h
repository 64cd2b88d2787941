/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The journal: what one process looked up, node-local, complete to the last lookup even after SIGKILL.
 *
 * Each injected object of each process (from exec to exec; a fork child starts its own) maps its own
 * file `<journal dir>/<layer>-<pid>-<start time in ns, hex>.journal`, created O_EXCL, shared: what was
 * stored is in the page cache, and stays when the process is killed. The directory is node memory. The
 * file is enlarged with posix_fallocate(3)-like fallocate(2) before the mapping is written to (a full tmpfs must not
 * become a SIGBUS in the application); when that fails, or would pass RLIMIT_FSIZE, the process goes on without
 * recording and sets DLFM_JOURNAL_LOST.
 *
 * While replaying, the same journal holds what went to the file system (for the report and for learning),
 * and the counters of what did not.
 *
 * Writers reserve space by an atomic addition to `tail`, so threads (and signal handlers) need no lock. A
 * record's `mark` is written first (marks that the reader meets let it find the next record behind a hole),
 * its `kind` last: kind 0 is a record whose writer was killed, and is skipped.
 * Byte order is the node's. Records and the first record are aligned to 8.
 */
#ifndef DLFM_JOURNAL_H
#define DLFM_JOURNAL_H

#include <stdint.h>
#include <stddef.h>

#define DLFM_JOURNAL_MAGIC   "DLFMJNL"
#define DLFM_JOURNAL_VERSION 2
#define DLFM_JOURNAL_FIRST   (8u * 1024)   /* a new file: a pilot may be thousands of processes */
#define DLFM_JOURNAL_CHUNK   (256u * 1024) /* it doubles, and grows by this at most */
#define DLFM_JOURNAL_MAX     (64u * 1024 * 1024) /* and up to this */

enum dlfm_layer { DLFM_LAYER_DL = 1, DLFM_LAYER_FM = 2 };

enum {				     /* header flags */
       DLFM_JOURNAL_REPLAY = 1 << 0, /* holds misses only */
       DLFM_JOURNAL_LOST = 1 << 1,   /* records were lost: no space */
};

/* Counters, for the report. Raised with relaxed atomic additions. */
enum dlfm_counter {
	DLFM_COUNT_HIT,	     /* answered from memory: it exists */
	DLFM_COUNT_ABSENT,   /* answered from memory: it does not */
	DLFM_COUNT_RESOLVED, /* dl: a whole search answered by one resolution */
	DLFM_COUNT_OPEN,     /* staged files opened */
	DLFM_COUNT_LIST,     /* directory listings from memory */
	DLFM_COUNT_MISS,     /* passed to the file system: not in the cache */
	DLFM_COUNT_DIRTY,    /* passed to the file system: changed by the job */
	DLFM_COUNT_LOCAL,    /* passed on without a look: /proc, /dev, descriptors ... */
	DLFM_COUNT_WRITE,    /* writing calls, each of which marks */
	DLFM_N_COUNTERS = 16
};

struct dlfm_journal_header {
	char magic[8];
	uint32_t version;
	uint32_t layer; /* enum dlfm_layer */
	uint32_t flags;
	uint32_t pid, ppid;
	uint32_t strings;   /* length of the strings that follow the header */
	uint64_t start_ns;  /* CLOCK_REALTIME */
	uint64_t hwcaps;    /* fingerprint.h */
	uint64_t ld_cache;  /* fingerprint.h; 0 in the fm layer's */
	uint64_t tail;	    /* bytes reserved, from the start of the file */
	uint64_t allocated; /* bytes of the file that may be written */
	uint64_t counters[DLFM_N_COUNTERS];
	/* then NUL-terminated: program, LD_LIBRARY_PATH ("\1" if unset), GLIBC_TUNABLES ("\1" if unset),
	 * node name, working directory; padded to 8 */
};

enum dlfm_record_kind {
	DLFM_REC_NONE = 0,
	DLFM_REC_PATH,	 /* a: absolute path (not normalised). ops, err */
	DLFM_REC_WRITE,	 /* a: absolute path that the process made, changed or removed */
	DLFM_REC_SEARCH, /* a: requester's original path, b: name. la_objsearch, LA_SER_ORIG */
	DLFM_REC_TRY,	 /* a: candidate path, b: requester; err: la_objsearch's flag LA_SER_*.
			  * Belongs to the last SEARCH of the same `thread` */
	DLFM_REC_OBJECT, /* a: path of an object that was mapped; ops: DLFM_OBJECT_* */
};

/* Bits of `ops` of a PATH record: which questions were asked. */
enum {
	DLFM_OP_STAT = 1 << 0,
	DLFM_OP_LSTAT = 1 << 1,
	DLFM_OP_OPEN = 1 << 2,
	DLFM_OP_ACCESS = 1 << 3,
	DLFM_OP_READLINK = 1 << 4,
	DLFM_OP_LIST = 1 << 5,
	DLFM_OP_REALPATH = 1 << 6,
	DLFM_OP_EXEC = 1 << 7,
	DLFM_OP_CHDIR = 1 << 8,
};
enum {				     /* `ops` of an OBJECT record */
       DLFM_OBJECT_STARTUP = 1 << 0, /* mapped before the program's first constructor */
       DLFM_OBJECT_MAIN = 1 << 1,    /* the program itself */
};

struct dlfm_journal_record {
	uint32_t mark; /* DLFM_RECORD_MARK ^ offset of the record in the file */
	uint32_t size; /* of the record with its strings and padding: a multiple of 8 */
	uint16_t kind; /* enum dlfm_record_kind; written last */
	uint16_t ops;
	int32_t err;
	uint32_t count; /* how often: raised in place for the same (kind, a, b, ops, err) */
	uint32_t thread;
	uint32_t a_len, b_len; /* the strings follow, each with a NUL */
};
#define DLFM_RECORD_MARK 0x4d464c44u

/* ---- the writer: journal-file.c and journal-write.c, in both injected objects; raw system calls only, no allocation ---- */

struct dlfm_journal;

/* What the header says of the process, beside what the kernel tells; strings are copied. */
struct dlfm_journal_process {
	enum dlfm_layer layer;
	uint32_t flags;
	uint64_t hwcaps;
	uint32_t ld_cache;
	const char *ld_library_path, *tunables; /* NULL: unset */
};

/*
 * Starts this process's journal in directory `dir`. Returns NULL if it cannot (no space, no permission):
 * the process then runs without recording. At most one journal for each object and process; the pointer stays valid
 * until exit. Holds no descriptor open.
 */
struct dlfm_journal *dlfm_journal_open(const char *dir, const struct dlfm_journal_process *process);
/*
 * Adds a record, or raises the count of an equal one (found by a hash in an anonymous table of the writer).
 * b may be NULL. TRY and SEARCH are never merged. Safe in threads and signal handlers.
 */
void dlfm_journal_add(struct dlfm_journal *j, enum dlfm_record_kind kind, unsigned ops, int err,
		      const char *a, size_t a_len, const char *b, size_t b_len);
/* Raises a counter. A NULL journal is allowed and does nothing, as in the other calls. */
void dlfm_journal_count(struct dlfm_journal *j, enum dlfm_counter which);

#endif
