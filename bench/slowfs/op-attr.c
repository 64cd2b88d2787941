/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations on attributes: getattr, setattr, access, statfs. */
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

static int attributes(fuse_ino_t ino, struct stat *st)
{
	return fstatat(slowfs_inode(ino)->fd, "", st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0
		       ? errno
		       : 0;
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_GETATTR, ino, NULL);
	struct stat st;

	(void)fi;
	if (!slowfs_end(&r, attributes(ino, &st), 0))
		fuse_reply_attr(req, &st, slowfs_attr_timeout(&st));
}

static int set_times(const char *path, const struct stat *st, int which)
{
	struct timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};

	if (which & FUSE_SET_ATTR_ATIME_NOW)
		times[0].tv_nsec = UTIME_NOW;
	else if (which & FUSE_SET_ATTR_ATIME)
		times[0] = st->st_atim;
	if (which & FUSE_SET_ATTR_MTIME_NOW)
		times[1].tv_nsec = UTIME_NOW;
	else if (which & FUSE_SET_ATTR_MTIME)
		times[1] = st->st_mtim;
	return utimensat(AT_FDCWD, path, times, 0);
}

static int set_attributes(int fd, const struct stat *st, int which, struct fuse_file_info *fi)
{
	char buf[32];
	const char *path = slowfs_proc_path(fd, buf);
	int rc = 0;

	if (which & FUSE_SET_ATTR_MODE)
		rc = chmod(path, st->st_mode & 07777);
	if (rc == 0 && which & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID))
		rc = fchownat(fd, "", which & FUSE_SET_ATTR_UID ? st->st_uid : (uid_t)-1,
			      which & FUSE_SET_ATTR_GID ? st->st_gid : (gid_t)-1,
			      AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	if (rc == 0 && which & FUSE_SET_ATTR_SIZE)
		rc = fi ? ftruncate((int)fi->fh, st->st_size) : truncate(path, st->st_size);
	if (rc == 0 && which & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME |
				FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_MTIME_NOW))
		rc = set_times(path, st, which);
	return rc < 0 ? errno : 0;
}

static void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int which,
		       struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_SETATTR, ino, NULL);
	struct stat now;
	int err = set_attributes(slowfs_inode(ino)->fd, st, which, fi);

	if (!err)
		err = attributes(ino, &now);
	if (!slowfs_end(&r, err, 0))
		fuse_reply_attr(req, &now, slowfs_attr_timeout(&now));
}

static void op_access(fuse_req_t req, fuse_ino_t ino, int mask)
{
	struct slowfs_request r = slowfs_begin(req, KIND_ACCESS, ino, NULL);
	char buf[32];
	int err = access(slowfs_proc_path(slowfs_inode(ino)->fd, buf), mask) < 0 ? errno : 0;

	if (!slowfs_end(&r, err, 0))
		fuse_reply_err(req, 0);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct slowfs_request r = slowfs_begin(req, KIND_STATFS, ino, NULL);
	struct statvfs sv;
	int err = fstatvfs(slowfs_inode(ino)->fd, &sv) < 0 ? errno : 0;

	if (!slowfs_end(&r, err, 0))
		fuse_reply_statfs(req, &sv);
}

void slowfs_attr_operations(struct fuse_lowlevel_ops *ops)
{
	ops->getattr = op_getattr;
	ops->setattr = op_setattr;
	ops->statfs = op_statfs;
	if (slowfs.opt.access_requests)
		ops->access = op_access;
}
