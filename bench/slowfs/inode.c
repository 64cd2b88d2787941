/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of the files that the kernel knows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

struct slowfs_inode *slowfs_inode(fuse_ino_t id)
{
	return id == FUSE_ROOT_ID ? &slowfs.root : (struct slowfs_inode *)(uintptr_t)id;
}

static struct slowfs_inode **bucket(dev_t dev, ino_t ino)
{
	return &slowfs.table[(ino * 0x9e3779b97f4a7c15ull + dev) >> 20 & (SLOWFS_BUCKETS - 1)];
}

/* The known inode with one reference more, or a new one that owns fd; fd is closed if it was known.
 */
static struct slowfs_inode *intern(int fd, const struct stat *st)
{
	struct slowfs_inode **head = bucket(st->st_dev, st->st_ino), *i;

	pthread_mutex_lock(&slowfs.lock);
	for (i = *head; i; i = i->next) {
		if (i->ino == st->st_ino && i->dev == st->st_dev)
			break;
	}
	if (i) {
		i->refs++;
		close(fd);
	} else if ((i = calloc(1, sizeof(*i))) != NULL) {
		i->dev = st->st_dev;
		i->ino = st->st_ino;
		i->refs = 1;
		i->fd = fd;
		i->next = *head;
		*head = i;
	}
	pthread_mutex_unlock(&slowfs.lock);
	return i;
}

double slowfs_attr_timeout(const struct stat *st)
{
	return S_ISDIR(st->st_mode) ? slowfs.opt.cache.attr_dir : slowfs.opt.cache.attr_file;
}

int slowfs_lookup(fuse_ino_t parent, const char *name, struct fuse_entry_param *e)
{
	struct slowfs_inode *inode;
	int fd, err;

	memset(e, 0, sizeof(*e));
	fd = openat(slowfs_inode(parent)->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fstatat(fd, "", &e->attr, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
		err = errno;
		close(fd);
		return err;
	}
	inode = intern(fd, &e->attr);
	if (!inode) {
		close(fd);
		return ENOMEM;
	}
	e->ino = (uintptr_t)inode;
	e->attr_timeout = slowfs_attr_timeout(&e->attr);
	e->entry_timeout = slowfs.opt.cache.entry;
	return 0;
}

void slowfs_forget(fuse_ino_t id, uint64_t n)
{
	struct slowfs_inode *inode = slowfs_inode(id), **p;

	if (inode == &slowfs.root)
		return;
	pthread_mutex_lock(&slowfs.lock);
	inode->refs -= n;
	if (inode->refs == 0) {
		for (p = bucket(inode->dev, inode->ino); *p != inode; p = &(*p)->next)
			;
		*p = inode->next;
		close(inode->fd);
		free(inode);
	}
	pthread_mutex_unlock(&slowfs.lock);
}

const char *slowfs_proc_path(int fd, char *buf)
{
	snprintf(buf, 32, "/proc/self/fd/%d", fd);
	return buf;
}
