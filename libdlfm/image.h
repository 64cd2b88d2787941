/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The node image: what every process of a node maps to have its lookups answered from memory.
 *
 * A node image is a directory in node memory (normally below /dev/shm), owned by the user, 0700:
 *
 *	index	this format; written once by stage, mapped read-only by every process
 *	dirty	struct dlfm_dirty_header and one byte an entry; mapped shared and writable: what the job
 *		itself changed and must be asked of the file system again
 *	root/	a mirror tree: recorded files under their original paths, recorded symbolic links as
 *		relative links straight to the mirror of what they came to
 *	lib/	copies of dlfm-audit.so and libdlfm.so
 *
 * The directory is complete or it is not there: stage builds it beside its final name and renames.
 *
 * All integers have the byte order of the node that wrote them: an image never leaves its node.
 * Offsets count bytes from the start of the index. A string is `len` bytes and a NUL; a string's
 * offset counts from the start of the string area. The reader (image-read.c) checks the header and
 * each area once when it attaches, and each index and offset before it follows it.
 *
 * Slots are an open-addressed hash table: the search begins at slot `hash & (count - 1)` and goes on to
 * the next, round the end, until it meets DLFM_NONE; at most half of the slots are in use. The hash of
 * an entry is dlfm_hash() of its path, of a name in a directory's listing dlfm_name_hash() of the directory's entry and
 * of the name's hash, of a resolution dlfm_resolution_hash() of its table and of dlfm_hash() of the requester and the
 * name.
 *
 * Limits: below 2^32 entries and 4 GiB of strings.
 */
#ifndef DLFM_IMAGE_H
#define DLFM_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define DLFM_IMAGE_MAGIC      "DLFMIMG"
#define DLFM_IMAGE_VERSION    4
#define DLFM_IMAGE_BYTE_ORDER 0x01020304u
#define DLFM_NONE	      0xffffffffu /* no such index */

struct dlfm_image_area {
	uint64_t offset; /* a multiple of 8 */
	uint64_t count;	 /* elements (bytes, for the string area) */
};

struct dlfm_image_header {
	char magic[8];
	uint32_t byte_order;
	uint32_t version;
	uint64_t size;		     /* of the whole index, bytes */
	uint8_t cache_id[16];	     /* digest of the cache's metadata: names the image */
	uint32_t packer_uid;	     /* whose access() results the entries hold */
	uint32_t root_len;	     /* length of "<image>/root", which starts at string 0 */
	uint64_t static_tls;	     /* bytes for glibc.rtld.optional_static_tls, 0: no need */
	uint64_t hwcaps;	     /* dlfm_hwcaps_level() of this node: cpuid is slow in a VM */
	uint64_t root_dev, root_ino; /* of "/": elsewhere only `mounts` hold */
	struct dlfm_image_area path_slots;  /* uint32_t: entry or DLFM_NONE; count is 2^n */
	struct dlfm_image_area entries;	    /* struct dlfm_image_entry */
	struct dlfm_image_area names;	    /* struct dlfm_image_name: directory listings */
	struct dlfm_image_area name_slots;  /* uint32_t: name or DLFM_NONE; count is 2^n */
	struct dlfm_image_area tables;	    /* struct dlfm_image_table: search environments */
	struct dlfm_image_area res_slots;   /* uint32_t: resolution or DLFM_NONE; count is 2^n */
	struct dlfm_image_area resolutions; /* struct dlfm_image_resolution */
	struct dlfm_image_area guards;	    /* struct dlfm_image_string */
	struct dlfm_image_area mounts;	    /* struct dlfm_image_mount */
	struct dlfm_image_area strings;	    /* bytes */
	uint64_t mount_ns; /* inode of /proc/self/ns/mnt where it was built, 0: not known */
};

struct dlfm_image_string {
	uint32_t offset, len;
};

/* Bits of dlfm_image_entry.flags. */
enum {
	/* lerr, err and, where lerr is 0, the stat block are what the file system said at pack time.
	 * Without it the entry only ties its children to their parent: every question passes through, but
	 * `canon` is right, and st.mode is S_IFDIR if something is known to exist below it. */
	DLFM_ENTRY_KNOWN = 1 << 0,
	/* The names are the directory's complete listing: a name that is not in it does not exist. */
	DLFM_ENTRY_LISTED = 1 << 1,
	/* <image>/root/<path> opens the recorded contents (directly, or by way of mirrored links). The
	 * string "<image>/root" stands in the string area immediately before the path, so the staged
	 * name is at offset path.offset - root_len. */
	DLFM_ENTRY_STAGED = 1 << 2,
	/* ld.so searched this directory: if it changes, the resolution tier is off (lib_marks). */
	DLFM_ENTRY_LIBDIR = 1 << 3,
	/* An ancestor of such a directory: DLFM_DIRTY_TREE on it means the same. */
	DLFM_ENTRY_LIBDIR_ABOVE = 1 << 4,
};

struct dlfm_image_time {
	int64_t sec;
	uint32_t nsec;
	uint32_t reserved;
};

/* What lstat(2) gives. For a staged file dev and ino are the staged file's, so that stat and fstat
 * agree; all the rest is what the pack saw. */
struct dlfm_image_stat {
	uint64_t dev, ino, rdev, size, blocks;
	uint32_t mode, nlink, uid, gid, blksize;
	uint32_t access; /* R_OK | W_OK | X_OK as the packing user had them */
	struct dlfm_image_time atime, mtime, ctime;
};

/*
 * One path. Paths are absolute and in normal form: no "//", no "." or "..", no trailing slash but for
 * "/". They are NOT canonical: a component may be a symbolic link; then `canon` is the entry of the
 * canonical path, which exists whenever err is 0 or the name is absent in a directory that exists.
 * Every entry's parent directory has an entry, up to "/" (whose parent is itself). Every symbolic link through which
 * an entry leads, in between too, has an entry under the canonical path of its directory: that is where a change
 * of the link is seen. LIBDIR and LIBDIR_ABOVE stand on the canonical entries as well.
 * stat(path) is entries[canon].st, lstat(path) is this st.
 */
struct dlfm_image_entry {
	struct dlfm_image_string path;
	uint32_t parent;
	uint32_t canon; /* itself if the path is canonical; DLFM_NONE if err says there is none */
	uint32_t flags;
	int32_t lerr;		      /* errno of lstat: 0, ENOENT, ENOTDIR, ELOOP, EACCES ... */
	int32_t err;		      /* errno of stat: differs for a dangling link */
	uint32_t first_name, n_names; /* LISTED: run in `names`, in readdir's order, no "." ".." */
	struct dlfm_image_string target; /* of a symbolic link, as readlink gives it */
	uint32_t mount; /* the nearest of `mounts` above or at the path, or DLFM_NONE */
	struct dlfm_image_stat st;
};

struct dlfm_image_name {
	struct dlfm_image_string name;
	uint64_t ino;  /* st_ino as lstat of the name answers where that is known */
	uint32_t type; /* DT_* of <dirent.h> */
	uint32_t hash; /* low half of dlfm_hash(name) */
};

/*
 * A directory below "/" on which a file system was mounted when the image was built. In a container or chroot, where "/" is
 * another directory, a recorded path means the same file if its nearest mount is the same directory there.
 */
struct dlfm_image_mount {
	struct dlfm_image_string path;
	uint64_t dev, ino;
};
#define DLFM_MOUNT_LIMIT 64

/* A search environment: the resolutions of table i hold for a process with this fingerprint only. */
struct dlfm_image_table {
	uint64_t fingerprint; /* see fingerprint.h */
};

/*
 * (requesting object, name as it stands in DT_NEEDED or was given to dlopen) -> absolute path.
 * Requester and answer are original paths; the main program is the requester under the canonical path of
 * its executable. A resolution holds if every guard (a node-local candidate that precedes the
 * answer in the search) is absent, and, for an answer that is not staged, the answer exists.
 */
struct dlfm_image_resolution {
	uint64_t hash; /* dlfm_resolution_hash() */
	uint32_t table;
	uint32_t flags; /* DLFM_ENTRY_STAGED: as for an entry, the root stands before the answer */
	struct dlfm_image_string requester, name, answer;
	uint32_t first_guard, n_guards;
};

/* The dirty map: header, then one byte (DLFM_DIRTY_*) for each entry of the index. Bytes and counters
 * only ever grow, with atomic operations; a counter is raised after its byte. */
#define DLFM_DIRTY_MAGIC "DLFMDRT"
enum {
	DLFM_DIRTY_SELF = 1, /* attributes, contents or listing of this name changed */
	DLFM_DIRTY_TREE =
		2, /* the name and everything below it: made, removed, renamed, relinked */
};
struct dlfm_dirty_header {
	char magic[8];
	uint64_t n_entries;
	uint32_t marks;	     /* any mark: 0 lets a lookup skip all checks */
	uint32_t tree_marks; /* DLFM_DIRTY_TREE somewhere: ancestors must be checked */
	uint32_t link_marks; /* a symbolic link changed: answers by way of a link are unknown */
	uint32_t lib_marks;  /* a directory that ld.so searches changed: no resolution tier */
};

/* ---- the reader: image-read.c (paths), image-resolve.c (resolutions); no libc, no allocation ---- */

struct dlfm_image {
	const struct dlfm_image_header *header; /* NULL: no image attached */
	const unsigned char *base;
	struct dlfm_dirty_header *dirty;
	unsigned char *dirty_bytes;
	int elsewhere; /* "/" is another one: only paths on `shared` are answered, and no search */
	uint64_t shared; /* the mounts that are the same here, bit by bit */
};

/*
 * Checks the mapped index and dirty map (sizes in bytes) and fills *im, which points into them; the
 * caller keeps them mapped. Returns 0, or -1 with im->header NULL if anything is not as above.
 */
int dlfm_image_attach(struct dlfm_image *im, const void *index, size_t index_size, void *dirty,
		      size_t dirty_size);

/*
 * Maps and attaches the image in directory `dir` (image-map.c: raw system calls only; never waits). Returns 0, or -1
 * with im->header NULL and nothing mapped if there is none, if it is damaged, somebody else's, writable by others, not
 * at the place for which it was built, or built under another root directory (that of the host of a container) and none of
 * its mounts is the same here.
 */
int dlfm_image_map(struct dlfm_image *im, const char *dir);

enum dlfm_answer {
	DLFM_UNKNOWN, /* ask the file system; err is DLFM_CHANGED if the job's own changes are why, else 0 */
	DLFM_ABSENT,  /* fails with errno `err` */
	DLFM_PRESENT, /* `entry` answers */
};

#define DLFM_CHANGED (-1)

struct dlfm_found {
	enum dlfm_answer answer;
	int err;
	uint32_t named; /* entry of the path as given, DLFM_NONE if it has none */
	uint32_t entry; /* entry that answers: after following a final link if `follow` */
};

/*
 * Looks up an absolute path of `len` bytes (need not be normal: "//", "." and trailing slashes are
 * read over, ".." is followed only where its prefix is known to be a directory, by its canonical path). Absence is
 * known from the entry itself, from an absent or non-directory ancestor, or from a complete listing (but for
 * names with a leading dot: file servers keep hidden ones).
 * Anything dirty, on the path or on its canonical twin, is DLFM_UNKNOWN.
 * A trailing slash asks for a directory: ENOTDIR for anything else.
 */
struct dlfm_found dlfm_image_lookup(const struct dlfm_image *im, const char *path, size_t len,
				    int follow);

/*
 * The canonical entry of a directory, also when names in it were made or removed: only where it lies is asked.
 * DLFM_NONE if that is not known.
 */
uint32_t dlfm_image_directory(const struct dlfm_image *im, const char *path, size_t len);

/* The entry at an index that a lookup gave; never NULL for such an index. */
const struct dlfm_image_entry *dlfm_image_entry(const struct dlfm_image *im, uint32_t index);
/* A string of the index, NUL-terminated; "" if it lies outside: then its own `len` is not to be believed. */
const char *dlfm_image_string(const struct dlfm_image *im, struct dlfm_image_string s);
/* The same with the number of bytes that may be read, without the NUL. */
const char *dlfm_image_text(const struct dlfm_image *im, struct dlfm_image_string s, size_t *len);
/* Staged name ("<image>/root/...") of a DLFM_ENTRY_STAGED entry, NULL for others. */
const char *dlfm_image_staged(const struct dlfm_image *im, uint32_t index);
/* The i-th name of a listing, NULL past its end. */
const struct dlfm_image_name *dlfm_image_name(const struct dlfm_image *im,
					      const struct dlfm_image_entry *dir, uint32_t i);
/* Original path of a name under "<image>/root" (a pointer into `path`), or NULL if it is not one. */
const char *dlfm_image_original(const struct dlfm_image *im, const char *path);

/*
 * Marks an absolute path as changed by the job. With DLFM_DIRTY_TREE for anything that makes or removes
 * the name or changes a directory's permissions (its parent is marked DLFM_DIRTY_SELF too), DLFM_DIRTY_SELF for
 * contents and other attributes. A name without an entry marks its directory's listing.
 * Atomic; safe in signal handlers. Returns -1 if the path cannot be brought into normal form (".." behind
 * something unknown): the caller then gives the canonical path.
 */
int dlfm_image_mark(const struct dlfm_image *im, const char *path, size_t len, unsigned how);

/* Table for a fingerprint, DLFM_NONE if the cache has none. */
uint32_t dlfm_image_table(const struct dlfm_image *im, uint64_t fingerprint);
/*
 * The resolution of `name` for `requester` (original path) in a table; NULL if there is none, or if
 * lib_marks says that the job changed a searched directory. The caller checks the guards.
 */
const struct dlfm_image_resolution *dlfm_image_resolve(const struct dlfm_image *im, uint32_t table,
						       const char *requester, const char *name);
const char *dlfm_image_guard(const struct dlfm_image *im, const struct dlfm_image_resolution *res,
			     uint32_t i); /* NULL past the end */

#endif
