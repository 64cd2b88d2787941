/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations that change names: mknod, mkdir, symlink, link, unlink, rmdir, rename. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

/* A daemon of root's makes files for others: they own them. (The group is the directory's if that
 * is set-gid.) */
static int give_away(fuse_req_t req, int dir, const char *name)
{
	const struct fuse_ctx *who = fuse_req_ctx(req);
	struct stat st;

	if (slowfs.uid != 0 || who->uid == 0)
		return 0;
	if (fstat(dir, &st) < 0)
		return -1;
	return fchownat(dir, name, who->uid, st.st_mode & S_ISGID ? (gid_t)-1 : who->gid,
			AT_SYMLINK_NOFOLLOW);
}

/* The end of all operations that make a name: rc is theirs, errno says why. */
static void made(const struct slowfs_request *r, int rc)
{
	struct fuse_entry_param e;
	int err = 0;

	if (rc < 0 || give_away(r->req, slowfs_inode(r->ino)->fd, r->name) < 0)
		err = errno;
	if (!err)
		err = slowfs_lookup(r->ino, r->name, &e);
	if (!slowfs_end(r, err, 0))
		fuse_reply_entry(r->req, &e);
}

static void op_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t dev)
{
	struct slowfs_request r = slowfs_begin(req, KIND_MKNOD, parent, name);

	made(&r, mknodat(slowfs_inode(parent)->fd, name, mode, dev));
}

static void op_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct slowfs_request r = slowfs_begin(req, KIND_MKDIR, parent, name);

	made(&r, mkdirat(slowfs_inode(parent)->fd, name, mode));
}

static void op_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	struct slowfs_request r = slowfs_begin(req, KIND_SYMLINK, parent, name);

	made(&r, symlinkat(target, slowfs_inode(parent)->fd, name));
}

static void op_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	struct slowfs_request r = slowfs_begin(req, KIND_LINK, parent, name);
	struct fuse_entry_param e;
	char buf[32];
	int err = 0;

	if (linkat(AT_FDCWD, slowfs_proc_path(slowfs_inode(ino)->fd, buf), slowfs_inode(parent)->fd,
		   name, AT_SYMLINK_FOLLOW) < 0)
		err = errno;
	if (!err)
		err = slowfs_lookup(parent, name, &e);
	if (!slowfs_end(&r, err, 0))
		fuse_reply_entry(req, &e);
}

static void removed(fuse_req_t req, enum slowfs_kind kind, fuse_ino_t parent, const char *name,
		    int flags)
{
	struct slowfs_request r = slowfs_begin(req, kind, parent, name);
	int err = unlinkat(slowfs_inode(parent)->fd, name, flags) < 0 ? errno : 0;

	if (!slowfs_end(&r, err, 0))
		fuse_reply_err(req, 0);
}

static void op_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	removed(req, KIND_UNLINK, parent, name, 0);
}

static void op_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	removed(req, KIND_RMDIR, parent, name, AT_REMOVEDIR);
}

static void op_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
		      const char *new_name, unsigned flags)
{
	struct slowfs_request r = slowfs_begin(req, KIND_RENAME, parent, name);
	int rc = renameat2(slowfs_inode(parent)->fd, name, slowfs_inode(new_parent)->fd, new_name,
			   flags);

	if (!slowfs_end(&r, rc < 0 ? errno : 0, 0))
		fuse_reply_err(req, 0);
}

void slowfs_change_operations(struct fuse_lowlevel_ops *ops)
{
	ops->mknod = op_mknod;
	ops->mkdir = op_mkdir;
	ops->symlink = op_symlink;
	ops->link = op_link;
	ops->unlink = op_unlink;
	ops->rmdir = op_rmdir;
	ops->rename = op_rename;
}
