/* SPDX-License-Identifier: BSD-3-Clause */
/* The mounted file system: its parts as the operations see them. */
#ifndef SLOWFS_H
#define SLOWFS_H

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include <pthread.h>
#include <stdint.h>
#include <sys/stat.h>

#include "bench/slowfs/options.h"
#include "bench/slowfs/state.h"

/* A file that the kernel knows: its node id is this one's address (the root's: FUSE_ROOT_ID). */
struct slowfs_inode {
	struct slowfs_inode *next; /* in its bucket */
	dev_t dev;
	ino_t ino;
	uint64_t refs; /* lookups that the kernel has not forgotten */
	int fd;	       /* O_PATH: the file whatever its name becomes */
};

#define SLOWFS_BUCKETS 16384

struct slowfs {
	struct slowfs_options opt;
	struct slowfs_state *state;
	int log_fd; /* -1: no log */
	int proc;   /* directory /proc/self/fd */
	uid_t uid;
	struct slowfs_inode root;
	pthread_mutex_t lock; /* of the table */
	struct slowfs_inode *table[SLOWFS_BUCKETS];
};

extern struct slowfs slowfs;

/* ---- inode.c ---- */

struct slowfs_inode *slowfs_inode(fuse_ino_t id);
/*
 * Looks up a name and fills *e for fuse_reply_entry: one reference more. Returns 0 or an errno.
 */
int slowfs_lookup(fuse_ino_t parent, const char *name, struct fuse_entry_param *e);
void slowfs_forget(fuse_ino_t id, uint64_t n);
/* How long the client may keep these attributes, seconds. */
double slowfs_attr_timeout(const struct stat *st);
/* "/proc/self/fd/N" for calls that follow it to the file itself; buf has 32 bytes. */
const char *slowfs_proc_path(int fd, char *buf);

/* ---- request.c ---- */

struct slowfs_request {
	fuse_req_t req;
	enum slowfs_kind kind;
	uint64_t arrived;
	fuse_ino_t ino;
	const char *name; /* below ino, or NULL */
};

struct slowfs_request slowfs_begin(fuse_req_t req, enum slowfs_kind kind, fuse_ino_t ino,
				   const char *name);
/*
 * The file system has done its part, with errno `err` or 0 and so many bytes of data: counts and
 * logs the request, waits as long as the model wants. After an error it has answered, and returns
 * 1: the operation is over.
 */
int slowfs_end(const struct slowfs_request *r, int err, uint64_t bytes);

/* ---- parallel.c ---- */

/* After fuse_session_mount(): lets the kernel look up several names of a directory at once. 0, or
 * -errno. */
int slowfs_parallel_lookups(struct fuse_session *se);

/* ---- operations ---- */

void slowfs_operations(struct fuse_lowlevel_ops *ops);
void slowfs_name_operations(struct fuse_lowlevel_ops *ops);   /* op-name.c: reading names */
void slowfs_dir_operations(struct fuse_lowlevel_ops *ops);    /* op-dir.c */
void slowfs_file_operations(struct fuse_lowlevel_ops *ops);   /* op-file.c */
void slowfs_change_operations(struct fuse_lowlevel_ops *ops); /* op-change.c: changing names */
void slowfs_attr_operations(struct fuse_lowlevel_ops *ops);   /* op-attr.c */

#endif
