/* SPDX-License-Identifier: BSD-3-Clause */
/* The cache file as rank 0 reads it. Calls here wait for the file system. */
#ifndef DLFM_PMIX_INPUT_H
#define DLFM_PMIX_INPUT_H

#include "cache-tools/stage.h"
#include "cache-tools/stale.h"

struct input {
	int fd;
	const char *path;
	uint8_t header[DLFM_CACHE_HEADER_SIZE];
	struct dlfm_cache_brief brief;
	struct dlfm_stale_report report;
};

/* Opens `path` (which must stay) by dlfm_stale_open() and reads its header. 0, or -1 with a text. */
int input_open(struct input *in, const char *path, enum dlfm_stale policy, struct dlfm_error *e);
/* Reads exactly `size` bytes at `offset`. */
int input_read(const struct input *in, void *to, size_t size, uint64_t offset,
	       struct dlfm_error *e);
void input_close(struct input *in);

#endif
