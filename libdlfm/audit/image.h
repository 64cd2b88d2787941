/* SPDX-License-Identifier: BSD-3-Clause */
/* Attaching the node image that DLFM_IMAGE names. */
#ifndef DLFM_AUDIT_IMAGE_H
#define DLFM_AUDIT_IMAGE_H

#include "libdlfm/image.h"

/*
 * Maps index and dirty map and fills *im. Returns 1, or 0 with im->header NULL if no image is
 * named, if it is not there, damaged, somebody else's, writable by others, or not at the place for
 * which it was built. Never waits.
 */
int audit_image_attach(struct dlfm_image *im);

#endif
