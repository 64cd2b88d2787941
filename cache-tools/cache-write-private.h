/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the writer share. */
#ifndef DLFM_CACHE_WRITE_PRIVATE_H
#define DLFM_CACHE_WRITE_PRIVATE_H

#include "cache-tools/cache-write.h"
#include "cache-tools/temporary.h"

struct dlfm_cache_writer {
	char *name;
	struct dlfm_temporary spool; /* frames of the contents, end to end */
	uint64_t spooled;	     /* bytes */
	int64_t opened;		     /* seconds */
};

/* Appends to the spool. */
int dlfm_spool(struct dlfm_cache_writer *w, const void *data, size_t size, struct dlfm_error *e);

/* Appends a stretch of a file. */
int dlfm_spool_file(struct dlfm_cache_writer *w, int fd, uint64_t offset, uint64_t size,
		    struct dlfm_error *e);

#endif
