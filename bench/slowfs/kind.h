/* SPDX-License-Identifier: BSD-3-Clause */
/* Kinds of requests, as the kernel's FUSE client sends them (linux/fuse.h, enum fuse_opcode). */
#ifndef SLOWFS_KIND_H
#define SLOWFS_KIND_H

enum slowfs_kind {
	KIND_LOOKUP,
	KIND_GETATTR,
	KIND_ACCESS,
	KIND_READLINK,
	KIND_OPEN,
	KIND_READ,
	KIND_OPENDIR,
	KIND_READDIR,
	KIND_READDIRPLUS,
	KIND_STATFS,
	KIND_SETATTR,
	KIND_CREATE,
	KIND_MKNOD,
	KIND_MKDIR,
	KIND_SYMLINK,
	KIND_LINK,
	KIND_UNLINK,
	KIND_RMDIR,
	KIND_RENAME,
	KIND_WRITE,
	KIND_FSYNC,
	KIND_FALLOCATE,
	/* From here on the client does not wait for the answer: counted, but neither paced nor part
	 * of the number of requests. */
	KIND_RELEASE,
	KIND_RELEASEDIR,
	KIND_COUNT
};

#define KIND_UNWAITED KIND_RELEASE

/* Its name in counts and logs: "lookup", "getattr" ... */
const char *slowfs_kind_name(enum slowfs_kind kind);

#endif
