/* SPDX-License-Identifier: BSD-3-Clause */
/* The string area of an index while it is written: each string once, optionally with the image's
 * root before it. */
#ifndef DLFM_INTERN_H
#define DLFM_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "libdlfm/image.h"

struct dlfm_strings {
	char *at; /* moves when it grows */
	size_t len, room;
	const char *root;
	size_t root_len;
	struct dlfm_string_slot *slots;
	size_t n_slots, n_used;
};

/* Starts with `root` as string 0. -1: no memory. dlfm_strings_free() is due in any case. */
int dlfm_strings_start(struct dlfm_strings *s, const char *root);
/*
 * Finds or adds a string; `rooted`: one that has the root before it. -1 with errno: ENOMEM,
 * EOVERFLOW (4 GiB of strings), EINVAL (it contains a NUL).
 */
int dlfm_intern(struct dlfm_strings *s, const char *at, size_t len, int rooted,
		struct dlfm_image_string *out);
void dlfm_strings_free(struct dlfm_strings *s);

#endif
