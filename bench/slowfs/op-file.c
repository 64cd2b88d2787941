/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations on open files. Data is never handed through by descriptor, so that every byte is
 * counted. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

/* O_APPEND: the kernel has set the offset; O_NOFOLLOW would refuse the link in /proc. */
static int reopen(fuse_ino_t ino, int flags)
{
	char buf[32];

	return open(slowfs_proc_path(slowfs_inode(ino)->fd, buf),
		    (flags & ~(O_NOFOLLOW | O_APPEND | O_CREAT | O_EXCL)) | O_CLOEXEC);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_OPEN, ino, NULL);
	int fd = reopen(ino, fi->flags);

	if (slowfs_end(&r, fd < 0 ? errno : 0, 0))
		return;
	fi->fh = (uint64_t)fd;
	fi->keep_cache = slowfs.opt.cache.keep_pages != 0;
	if (fuse_reply_open(req, fi) == -ENOENT)
		close(fd); /* the caller was interrupted: no release will come */
}

static void op_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
		      struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_CREATE, parent, name);
	struct fuse_entry_param e;
	const struct fuse_ctx *who = fuse_req_ctx(req);
	int err = 0;
	int fd = openat(slowfs_inode(parent)->fd, name,
			(fi->flags & ~O_APPEND) | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0 || (slowfs.uid == 0 && fchown(fd, who->uid, (gid_t)-1) < 0))
		err = errno;
	if (!err)
		err = slowfs_lookup(parent, name, &e);
	if (slowfs_end(&r, err, 0)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	fi->fh = (uint64_t)fd;
	if (fuse_reply_create(req, &e, fi) == -ENOENT)
		close(fd);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_READ, ino, NULL);
	char *buf = malloc(size);
	ssize_t n = buf ? pread((int)fi->fh, buf, size, off) : -1;

	if (!slowfs_end(&r, n < 0 ? errno : 0, n < 0 ? 0 : (uint64_t)n))
		fuse_reply_buf(req, buf, (size_t)n);
	free(buf);
}

static void op_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_WRITE, ino, NULL);
	ssize_t n = pwrite((int)fi->fh, buf, size, off);

	if (!slowfs_end(&r, n < 0 ? errno : 0, n < 0 ? 0 : (uint64_t)n))
		fuse_reply_write(req, (size_t)n);
}

static void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_RELEASE, ino, NULL);

	close((int)fi->fh);
	slowfs_end(&r, 0, 0);
	fuse_reply_err(req, 0);
}

static void op_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_FSYNC, ino, NULL);
	int rc = datasync ? fdatasync((int)fi->fh) : fsync((int)fi->fh);

	if (!slowfs_end(&r, rc < 0 ? errno : 0, 0))
		fuse_reply_err(req, 0);
}

static void op_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t off, off_t len,
			 struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_FALLOCATE, ino, NULL);
	int rc = fallocate((int)fi->fh, mode, off, len);

	if (!slowfs_end(&r, rc < 0 ? errno : 0, 0))
		fuse_reply_err(req, 0);
}

void slowfs_file_operations(struct fuse_lowlevel_ops *ops)
{
	ops->open = op_open;
	ops->create = op_create;
	ops->read = op_read;
	ops->write = op_write;
	ops->release = op_release;
	ops->fsync = op_fsync;
	ops->fallocate = op_fallocate;
}
