/* SPDX-License-Identifier: BSD-3-Clause */
/* Images made by hand, for the tests of their reader: a table of paths becomes an index and a dirty
 * map in memory. */
#ifndef DLFM_TESTS_IMAGE_FIXTURE_H
#define DLFM_TESTS_IMAGE_FIXTURE_H

#include "libdlfm/image.h"

struct fixture_path {
	const char *path;  /* "/" first, parents before children */
	uint32_t mode;	   /* 0: does not exist */
	const char *canon; /* NULL: the path itself if err is 0, else none */
	int lerr, err;
	uint32_t flags;	    /* beside KNOWN; FIXTURE_TIE for an entry that only ties */
	const char *target; /* of a link */
	const char *names;  /* separated by blanks: LISTED */
};
#define FIXTURE_TIE 0x80000000u

struct fixture {
	struct dlfm_image image;
	void *index, *dirty;
	size_t index_size, dirty_size;
};

/* Ends the test program when memory is short. `root` is "<image>/root". */
void fixture_make(struct fixture *f, const char *root, const struct fixture_path *paths, size_t n);
void fixture_clean(struct fixture *f); /* nothing is dirty again */
void fixture_free(struct fixture *f);

#endif
