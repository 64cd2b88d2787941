/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of the kinds of requests. */
#include "bench/slowfs/kind.h"

static const char *const names[KIND_COUNT] = {
	[KIND_LOOKUP] = "lookup",
	[KIND_GETATTR] = "getattr",
	[KIND_ACCESS] = "access",
	[KIND_READLINK] = "readlink",
	[KIND_OPEN] = "open",
	[KIND_READ] = "read",
	[KIND_OPENDIR] = "opendir",
	[KIND_READDIR] = "readdir",
	[KIND_READDIRPLUS] = "readdirplus",
	[KIND_STATFS] = "statfs",
	[KIND_SETATTR] = "setattr",
	[KIND_CREATE] = "create",
	[KIND_MKNOD] = "mknod",
	[KIND_MKDIR] = "mkdir",
	[KIND_SYMLINK] = "symlink",
	[KIND_LINK] = "link",
	[KIND_UNLINK] = "unlink",
	[KIND_RMDIR] = "rmdir",
	[KIND_RENAME] = "rename",
	[KIND_WRITE] = "write",
	[KIND_FSYNC] = "fsync",
	[KIND_FALLOCATE] = "fallocate",
	[KIND_RELEASE] = "release",
	[KIND_RELEASEDIR] = "releasedir",
};

const char *slowfs_kind_name(enum slowfs_kind kind)
{
	return names[kind];
}
