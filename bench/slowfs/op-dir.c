/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations on open directories. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

struct dir_handle {
	DIR *stream;
	struct dirent *pending; /* did not fit into the last answer */
	off_t offset;
};

static struct dir_handle *handle_of(struct fuse_file_info *fi)
{
	return (struct dir_handle *)(uintptr_t)fi->fh;
}

static struct dir_handle *open_handle(fuse_ino_t ino)
{
	struct dir_handle *d = calloc(1, sizeof(*d));
	int fd = openat(slowfs_inode(ino)->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (d && fd >= 0)
		d->stream = fdopendir(fd);
	if (d && d->stream)
		return d;
	if (fd >= 0)
		close(fd);
	free(d);
	return NULL;
}

static void close_handle(struct dir_handle *d)
{
	closedir(d->stream);
	free(d);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_OPENDIR, ino, NULL);
	struct dir_handle *d = open_handle(ino);

	if (slowfs_end(&r, d ? 0 : errno, 0))
		return;
	fi->fh = (uintptr_t)d;
	if (fuse_reply_open(req, fi) == -ENOENT)
		close_handle(d);
}

static int is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Adds one name to the answer; its length, more than `room` if it did not fit. *err: why it cannot
 * be added. */
static size_t add_name(fuse_req_t req, fuse_ino_t dir, const struct dirent *de, int plus, char *buf,
		       size_t room, int *err)
{
	struct fuse_entry_param e;
	size_t len;

	memset(&e, 0, sizeof(e));
	e.attr.st_ino = de->d_ino;
	e.attr.st_mode = (mode_t)DTTOIF(de->d_type);
	if (!plus)
		return fuse_add_direntry(req, buf, room, de->d_name, &e.attr, de->d_off);
	if (!is_dot(de->d_name)) {
		*err = slowfs_lookup(dir, de->d_name, &e);
		if (*err)
			return 0;
	}
	len = fuse_add_direntry_plus(req, buf, room, de->d_name, &e, de->d_off);
	if (len > room && e.ino)
		slowfs_forget(e.ino, 1);
	return len;
}

/* The next name, or NULL at the end (*err 0) or after an error. */
static struct dirent *next_name(struct dir_handle *d, int *err)
{
	if (!d->pending) {
		errno = 0;
		d->pending = readdir(d->stream);
		*err = d->pending ? 0 : errno;
	}
	return d->pending;
}

static size_t fill(fuse_req_t req, fuse_ino_t ino, struct dir_handle *d, int plus, char *buf,
		   size_t size, int *err)
{
	struct dirent *de;
	size_t used = 0, len;

	while ((de = next_name(d, err)) != NULL) {
		len = add_name(req, ino, de, plus, buf + used, size - used, err);
		if (*err == ENOENT) { /* removed since the directory was read */
			*err = 0;
			d->pending = NULL;
			continue;
		}
		if (*err || len > size - used)
			break;
		used += len;
		d->offset = de->d_off;
		d->pending = NULL;
	}
	return used;
}

static void answer_names(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off, int plus,
			 struct fuse_file_info *fi)
{
	struct slowfs_request r =
		slowfs_begin(req, plus ? KIND_READDIRPLUS : KIND_READDIR, ino, NULL);
	struct dir_handle *d = handle_of(fi);
	char *buf = malloc(size);
	size_t used = 0;
	int err = buf ? 0 : ENOMEM;

	if (off != d->offset) {
		seekdir(d->stream, off);
		d->pending = NULL;
		d->offset = off;
	}
	if (!err)
		used = fill(req, ino, d, plus, buf, size, &err);
	if (used)
		err = 0; /* what there is first; the error comes again */
	if (!slowfs_end(&r, err, 0))
		fuse_reply_buf(req, buf, used);
	free(buf);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		       struct fuse_file_info *fi)
{
	answer_names(req, ino, size, off, 0, fi);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
			   struct fuse_file_info *fi)
{
	answer_names(req, ino, size, off, 1, fi);
}

static void op_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_RELEASEDIR, ino, NULL);

	close_handle(handle_of(fi));
	slowfs_end(&r, 0, 0);
	fuse_reply_err(req, 0);
}

static void op_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	struct slowfs_request r = slowfs_begin(req, KIND_FSYNC, ino, NULL);
	int fd = dirfd(handle_of(fi)->stream);
	int rc = datasync ? fdatasync(fd) : fsync(fd);

	if (!slowfs_end(&r, rc < 0 ? errno : 0, 0))
		fuse_reply_err(req, 0);
}

void slowfs_dir_operations(struct fuse_lowlevel_ops *ops)
{
	ops->opendir = op_opendir;
	ops->readdir = op_readdir;
	ops->readdirplus = op_readdirplus;
	ops->releasedir = op_releasedir;
	ops->fsyncdir = op_fsyncdir;
}
