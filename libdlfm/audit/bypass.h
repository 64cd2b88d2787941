/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Objects that ld.so opened where they are although the image has them, because it did not ask:
 * dlmopen with an absolute name has no loader (dl_open_worker in elf/dl-open.c), and without a
 * loader no auditor is asked. Every other request for such an object in its namespace must lead to
 * the same file, since ld.so knows objects by device and inode.
 */
#ifndef DLFM_AUDIT_BYPASS_H
#define DLFM_AUDIT_BYPASS_H

#include <link.h>

#include "libdlfm/image.h"

/* The new object's file has a staged copy (entry of the canonical path), and was not opened as
 * that. */
void audit_bypass_note(const struct link_map *map, uint32_t entry);
/*
 * Must a request of `by` for this entry be answered with the original? Yes if its namespace has the
 * original, or if another one has it and its own has no copy (it may be dlmopen for the other one:
 * the namespace that a name is wanted for is not told).
 */
int audit_bypass_holds(const struct dlfm_image *im, const struct link_map *by, uint32_t entry);

#endif
