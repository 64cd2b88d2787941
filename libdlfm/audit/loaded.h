/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Further names of loaded objects. ld.so finds a loaded object by each name by which it was ever asked for, whoever asks and
 * whatever the working directory is; when an auditor changes a name, ld.so keeps both, but only for the request that
 * maps the object (elf/dl-load.c: origname). Those of later requests are kept here.
 */
#ifndef DLFM_AUDIT_LOADED_H
#define DLFM_AUDIT_LOADED_H

#include <link.h>

/* An object was mapped from this path. Forgets what was known of an object at the same address. */
void audit_loaded_opened(const struct link_map *map, const char *path);
/* `path` (which must stay) is the answer for `name`. If it is loaded in the requester's namespace, it has that name from now on. */
void audit_loaded_note(const struct link_map *by, const char *name, const char *path);
/* Is there an object in the requester's namespace that was mapped from this path? */
int audit_loaded_has(const struct link_map *by, const char *path);
/* The path to open for a name that an object loaded in the requester's namespace got so; NULL: none did. */
const char *audit_loaded_path(const struct link_map *by, const char *name);

#endif
