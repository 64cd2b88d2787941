/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading, writing and copying whole stretches of files. */
#ifndef DLFM_FILE_IO_H
#define DLFM_FILE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* pread(2) until all is there: the number of bytes, less at the end of the file, or -1 with errno. */
ssize_t dlfm_read_at(int fd, void *data, size_t size, uint64_t offset);
/* pwrite(2) until all is written: 0, or -1 with errno. */
int dlfm_write_at(int fd, const void *data, size_t size, uint64_t offset);

/* A stretch of one file and where it is to stand in another. */
struct dlfm_stretch {
	int from, to;
	uint64_t in, out, size;
};
/* Copies it, within the file system where that can be done. 0, or -1 with errno. */
int dlfm_copy_stretch(const struct dlfm_stretch *s);

#endif
