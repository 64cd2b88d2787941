/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations that read names: lookup, forget, readlink. */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct slowfs_request r = slowfs_begin(req, KIND_LOOKUP, parent, name);
	struct fuse_entry_param e;
	int err = slowfs_lookup(parent, name, &e);
	int keep_absence = err == ENOENT && slowfs.opt.cache.negative > 0;

	if (keep_absence) {
		/* fuse_reply_entry: inode 0 with a time-out is an absence that may be kept */
		e.ino = 0;
		e.entry_timeout = slowfs.opt.cache.negative;
		atomic_fetch_add(&slowfs.state->absent, 1);
		err = 0;
	}
	if (!slowfs_end(&r, err, 0))
		fuse_reply_entry(req, &e);
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t n)
{
	slowfs_forget(ino, n);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		slowfs_forget(forgets[i].ino, forgets[i].nlookup);
	fuse_reply_none(req);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	struct slowfs_request r = slowfs_begin(req, KIND_READLINK, ino, NULL);
	char target[PATH_MAX + 1];
	ssize_t n = readlinkat(slowfs_inode(ino)->fd, "", target, sizeof(target));
	int err = n < 0 ? errno : (size_t)n == sizeof(target) ? ENAMETOOLONG : 0;

	if (slowfs_end(&r, err, 0))
		return;
	target[n] = '\0';
	fuse_reply_readlink(req, target);
}

void slowfs_name_operations(struct fuse_lowlevel_ops *ops)
{
	ops->lookup = op_lookup;
	ops->forget = op_forget;
	ops->forget_multi = op_forget_multi;
	ops->readlink = op_readlink;
}
