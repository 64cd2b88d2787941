/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cache.dat, byte by byte. dlfm-cache(5) says the same in words.
 *
 *	0				header, 256 bytes (struct dlfm_disk_header)
 *	header.metadata_offset (256)	metadata: one zstd frame
 *	header.contents_offset		contents: zstd frames, end to end, in the order of the table
 *	header.file_size		end of the file
 *
 * Everything before it tells the reader what follows and how long it is: the file can be consumed
 * as a stream. All integers are little-endian and stand at any address. Offsets are 64 bits wide
 * and count bytes: in the header from the start of the file, in the metadata from the start of the
 * (decompressed) metadata. A string is its bytes and a NUL, its length does not count the NUL, no
 * byte of it is NUL; its offset counts from the start of the string area. Digests are XXH3-128 in
 * canonical form (the big-endian bytes that xxhsum -H2 prints). Reserved fields are 0; a reader
 * refuses flags and versions that it does not know.
 */
#ifndef DLFM_CACHE_FORMAT_H
#define DLFM_CACHE_FORMAT_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define DLFM_CACHE_MAGIC                                                                           \
	"\x89"                                                                                     \
	"DLFM\r\n" /* 7 bytes and a NUL: a transfer as text breaks it at once */
#define DLFM_CACHE_VERSION 1

/* A content is cut into pieces of this size (the last one is shorter); each is one zstd frame of
 * its own. */
#define DLFM_CACHE_FRAME (4u << 20)

/* Limits: a file that declares more is refused before anything is allocated. */
#define DLFM_CACHE_MAX_METADATA (UINT64_C(1) << 31) /* bytes, decompressed */
#define DLFM_CACHE_MAX_RATIO                                                                       \
	256 /* of the metadata to their stored size, above 1 MiB; usual are 5 to 20 */
#define DLFM_CACHE_MAX_CONTENT (UINT64_C(1) << 40) /* bytes of one content, and of all */
#define DLFM_CACHE_MAX_PATH    4095
#define DLFM_CACHE_MAX_GUARDS  8

typedef struct {
	unsigned char byte[4];
} dlfm_le32;

typedef struct {
	unsigned char byte[8];
} dlfm_le64;

static inline uint32_t dlfm_get32(dlfm_le32 v)
{
	uint32_t x;

	memcpy(&x, v.byte, sizeof(x));
	return le32toh(x);
}

static inline uint64_t dlfm_get64(dlfm_le64 v)
{
	uint64_t x;

	memcpy(&x, v.byte, sizeof(x));
	return le64toh(x);
}

static inline dlfm_le32 dlfm_put32(uint32_t x)
{
	dlfm_le32 v;

	x = htole32(x);
	memcpy(v.byte, &x, sizeof(x));
	return v;
}

static inline dlfm_le64 dlfm_put64(uint64_t x)
{
	dlfm_le64 v;

	x = htole64(x);
	memcpy(v.byte, &x, sizeof(x));
	return v;
}

/* ---- the header ---- */

enum {				    /* flags of the header */
       DLFM_CACHE_PARTIAL = 1 << 0, /* the recorded command failed or was killed */
};

struct dlfm_disk_header {
	char magic[8];		    /*   0  DLFM_CACHE_MAGIC */
	dlfm_le32 version;	    /*   8 */
	dlfm_le32 header_size;	    /*  12  256 */
	unsigned char id[16];	    /*  16  cache id: digest of the decompressed metadata */
	dlfm_le64 file_size;	    /*  32 */
	dlfm_le64 metadata_offset;  /*  40  256 */
	dlfm_le64 metadata_stored;  /*  48  bytes of its zstd frame */
	dlfm_le64 metadata_size;    /*  56  bytes, decompressed */
	dlfm_le64 contents_offset;  /*  64  where the metadata ends */
	dlfm_le64 contents_stored;  /*  72  bytes of all frames */
	dlfm_le64 contents_size;    /*  80  bytes of all contents, each once, decompressed */
	dlfm_le64 n_contents;	    /*  88 */
	dlfm_le64 n_entries;	    /*  96 */
	dlfm_le64 n_files;	    /* 104  canonical entries with a content: what is staged */
	dlfm_le64 files_size;	    /* 112  bytes of those files (a content may have several) */
	dlfm_le64 created;	    /* 120  seconds since 1970-01-01 UTC; not part of the id */
	dlfm_le64 flags;	    /* 128  DLFM_CACHE_PARTIAL */
	dlfm_le64 first_read;	    /* 136  seconds: no earlier a path was looked up; 0: created */
	unsigned char reserved[96]; /* 144 */
	unsigned char digest[16];   /* 240  of bytes 0 to 239 */
};

/* ---- the metadata: its head, then the areas in this order, each where the one before ends ---- */

struct dlfm_disk_area {
	dlfm_le64 offset; /* from the start of the metadata; a multiple of 8 */
	dlfm_le64 count;  /* elements; bytes, for the string area */
};

struct dlfm_disk_metadata {
	dlfm_le64 static_tls;		   /*   0  bytes for glibc.rtld.optional_static_tls */
	dlfm_le32 packer_uid;		   /*   8  whose access() results the entries hold */
	dlfm_le32 scope;		   /*  12  1: shared, 2: all (enum dlfm_scope) */
	dlfm_le32 flags;		   /*  16  as in the header */
	dlfm_le32 history_offset;	   /*  20  text of history.h in the string area; 0: none */
	dlfm_le32 provenance_offset;	   /*  24  JSON text: who packed what, where and when */
	dlfm_le32 provenance_len;	   /*  28 */
	struct dlfm_disk_area entries;	   /*  32  struct dlfm_disk_entry */
	struct dlfm_disk_area names;	   /*  48  struct dlfm_disk_name */
	struct dlfm_disk_area contents;	   /*  64  struct dlfm_disk_content */
	struct dlfm_disk_area frames;	   /*  80  dlfm_le32: stored bytes of each frame */
	struct dlfm_disk_area tables;	   /*  96  struct dlfm_disk_table */
	struct dlfm_disk_area resolutions; /* 112  struct dlfm_disk_resolution */
	struct dlfm_disk_area guards;	   /* 128  struct dlfm_disk_string */
	struct dlfm_disk_area strings;	   /* 144  bytes */
};

struct dlfm_disk_string {
	dlfm_le32 offset, len;
};

struct dlfm_disk_time {
	dlfm_le64 sec;
	dlfm_le32 nsec;
	dlfm_le32 reserved;
};

/* What lstat(2) gave when the cache was packed, with its dev and ino; all zero if the entry is not
 * KNOWN. */
struct dlfm_disk_stat {
	dlfm_le64 dev, ino, rdev, size, blocks;
	dlfm_le32 mode, nlink, uid, gid, blksize;
	dlfm_le32 access; /* R_OK | W_OK | X_OK as the packing user had them */
	struct dlfm_disk_time atime, mtime, ctime;
};

/*
 * One path: libdlfm/image.h says what an entry means. Entries stand in the ascending order of their
 * paths' bytes, no path twice; the first is "/". So parent <= the entry's own index (equal for "/"
 * only), and parents have no cycle. canon: the entry itself, or one whose canon is itself, or
 * 0xffffffff. A canonical entry's parent is canonical. content: of a canonical regular file;
 * 0xffffffff for none. Names of different entries do not share elements.
 */
struct dlfm_disk_entry {
	struct dlfm_disk_string path;	/*   0 */
	dlfm_le32 parent, canon;	/*   8 */
	dlfm_le32 flags;		/*  16  DLFM_ENTRY_*, without STAGED, which stage sets */
	dlfm_le32 lerr, err;		/*  20  errno of lstat and stat, Linux numbers */
	dlfm_le32 content;		/*  28 */
	dlfm_le32 first_name, n_names;	/*  32  LISTED only */
	struct dlfm_disk_string target; /*  40  of a symbolic link */
	struct dlfm_disk_stat st;	/*  48 */
};

struct dlfm_disk_name {
	struct dlfm_disk_string name; /* without "/", not "." or ".." */
	dlfm_le64 ino;		      /* d_ino as readdir gave it */
	dlfm_le32 type;		      /* DT_* */
	dlfm_le32 reserved;
};

/* Contents stand in the order of their bytes in the file, without gaps; n_frames is size /
 * DLFM_CACHE_FRAME, rounded up. */
struct dlfm_disk_content {
	unsigned char digest[16]; /* of the decompressed bytes */
	dlfm_le64 size;		  /* decompressed */
	dlfm_le64 offset;	  /* from header.contents_offset */
	dlfm_le64 stored;	  /* bytes of its frames */
};

/* A search environment (libdlfm/fingerprint.h). */
struct dlfm_disk_table {
	dlfm_le64 fingerprint;
	dlfm_le64 hwcaps;
	struct dlfm_disk_string program;
	struct dlfm_disk_string ld_library_path; /* offset 0xffffffff: unset */
};

struct dlfm_disk_resolution {
	dlfm_le32 table;
	dlfm_le32
		ld_cache; /* holds on nodes in this state only (libdlfm/fingerprint.h); 0: on all */
	struct dlfm_disk_string requester, name, answer;
	dlfm_le32 first_guard, n_guards; /* at most DLFM_CACHE_MAX_GUARDS */
};

_Static_assert(sizeof(struct dlfm_disk_header) == 256, "header");
_Static_assert(sizeof(struct dlfm_disk_metadata) == 160, "metadata");
_Static_assert(sizeof(struct dlfm_disk_stat) == 112, "stat");
_Static_assert(sizeof(struct dlfm_disk_entry) == 160, "entry");
_Static_assert(sizeof(struct dlfm_disk_name) == 24, "name");
_Static_assert(sizeof(struct dlfm_disk_content) == 40, "content");
_Static_assert(sizeof(struct dlfm_disk_table) == 32, "table");
_Static_assert(sizeof(struct dlfm_disk_resolution) == 40, "resolution");

#endif
