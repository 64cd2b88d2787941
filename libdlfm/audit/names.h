/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Original names. An object that ld.so opened under its staged name gets the name and origin that
 * it would have without DLFM, before anybody can see another: dladdr, debuggers, dl_iterate_phdr,
 * $ORIGIN and dlinfo show the original.
 */
#ifndef DLFM_AUDIT_NAMES_H
#define DLFM_AUDIT_NAMES_H

#include <link.h>
#include <stddef.h>

#include "libdlfm/image.h"

/*
 * The answer to the search that goes on: ld.so was given `staged` (a string of the index) for what
 * it would open as `original`. Where that is not absolute, `cwd` is the working directory, else
 * NULL. The strings must last until the object is mapped. The next call, or audit_names_forget(),
 * replaces it.
 */
void audit_names_expect(const char *staged, const char *original, const char *cwd);
void audit_names_forget(void);

/*
 * Puts the original name and origin into the link map of a new object if its name lies in the
 * image. `cookie` is where ld.so keeps the auditor's cookie, which is behind the link map's last
 * member.
 */
int audit_names_restore(const struct dlfm_image *im, struct link_map *map, const void *cookie);

#endif
