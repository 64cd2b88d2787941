/* SPDX-License-Identifier: BSD-3-Clause */
/* Attaching a node image by its directory: maps index and dirty map, and believes only what is the user's own. */
#include <limits.h>
#include <string.h>

#include "libdlfm/image.h"
#include "libdlfm/sys.h"

struct mapped {
	void *at;
	size_t size;
};

/* A regular file of the user's that nobody else may write. */
static int is_trusted(const struct stat *st)
{
	/* analyzer: the kernel filled it, by a raw system call */
	return (st->st_mode & S_IFMT) == S_IFREG && st->st_uid == dlfm_sys_geteuid() &&
	       !(st->st_mode & (S_IWGRP | S_IWOTH)) && st->st_size > 0;
}

static struct mapped map_file(const char *dir, const char *name, int writable)
{
	const int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	const size_t dir_len = strlen(dir), name_len = strlen(name);
	struct mapped m = {NULL, 0};
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if (dir_len + name_len + 1 > sizeof(path))
		return m;
	/* analyzer: the name's NUL follows */
	memcpy(path, dir, dir_len);
	memcpy(path + dir_len, name, name_len + 1);
	/* O_NONBLOCK: a FIFO must not make the process wait */
	fd = dlfm_sys_open(path,
			   (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return m;
	if (dlfm_sys_fstat(fd, &st) == 0 && is_trusted(&st)) {
		m.size = (size_t)st.st_size;
		m.at = dlfm_sys_mmap(m.size, prot, MAP_SHARED, fd);
	}
	dlfm_sys_close(fd);
	return m;
}

/* A copy or hard link of an image elsewhere would lead to files that are not the image's. */
static int is_at_its_place(const struct dlfm_image *im, const char *dir)
{
	const size_t n = strlen(dir);
	const char *root = (const char *)im->base + im->header->strings.offset;

	return im->header->root_len == n + 5 && memcmp(root, dir, n) == 0 &&
	       memcmp(root + n, "/root", 5) == 0;
}

/* The recorded paths are those of the file system that the image's builder saw. */
static int is_same_root(const struct dlfm_image *im)
{
	struct stat st;

	/* analyzer: the kernel filled it, by a raw system call */
	return dlfm_sys_stat("/", &st) == 0 && st.st_dev == im->header->root_dev &&
	       st.st_ino == im->header->root_ino;
}

/* Elsewhere: which of the mounts are here, too. Returns 0 if none is. */
static int find_mounts(struct dlfm_image *im)
{
	const struct dlfm_image_area *a = &im->header->mounts;
	const struct dlfm_image_mount *mounts = (const void *)(im->base + a->offset);
	struct stat st;

	im->elsewhere = 1;
	for (uint32_t i = 0; i < a->count; i++)
		if (dlfm_sys_stat(dlfm_image_string(im, mounts[i].path), &st) == 0 &&
		    st.st_dev == mounts[i].dev && st.st_ino == mounts[i].ino)
			im->shared |= (uint64_t)1 << i;
	return im->shared != 0;
}

int dlfm_image_map(struct dlfm_image *im, const char *dir)
{
	const struct mapped index = map_file(dir, "/index", 0), dirty = map_file(dir, "/dirty", 1);

	im->header = NULL;
	if (dir[0] == '/' && index.at && dirty.at &&
	    dlfm_image_attach(im, index.at, index.size, dirty.at, dirty.size) == 0 &&
	    is_at_its_place(im, dir) && (is_same_root(im) || find_mounts(im)))
		return 0;
	im->header = NULL;
	if (index.at)
		dlfm_sys_munmap(index.at, index.size);
	if (dirty.at)
		dlfm_sys_munmap(dirty.at, dirty.size);
	return -1;
}
