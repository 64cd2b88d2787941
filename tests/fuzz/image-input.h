/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a harness's input to a node image that is attached: the input is an index, in which anything may be wrong. Slots are found by
 * hashes, so they are made anew from what the entries say (but for one input in eight), and the header's fixed parts.
 */
#ifndef DLFM_FUZZ_IMAGE_INPUT_H
#define DLFM_FUZZ_IMAGE_INPUT_H

#include "libdlfm/image.h"
#include "tests/fuzz/fuzz.h"

struct image_input {
	void *index, *dirty;
	size_t size, dirty_size;
};

/* -1: the reader refuses it; there is nothing to free then. */
int image_input_take(struct image_input *in, struct dlfm_image *im, const uint8_t *data,
		     size_t size);
void image_input_free(struct image_input *in);
/* A text to ask for: the i-th of the paths, names and resolutions' texts in the index, as bytes with a NUL. */
const char *image_input_text(const struct dlfm_image *im, uint32_t i, char buf[8192]);
enum { IMAGE_TEXTS = 48 }; /* so many are asked for at most */

#endif
