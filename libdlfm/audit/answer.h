/* SPDX-License-Identifier: BSD-3-Clause */
/* Replay: what ld.so is to open for a name, answered from the node image. */
#ifndef DLFM_AUDIT_ANSWER_H
#define DLFM_AUDIT_ANSWER_H

#include <link.h>

#include "libdlfm/image.h"

/*
 * Attaches the image; 1 if there is one, and no other auditor stands in the way. The other
 * functions may be called only then.
 */
int audit_answer_start(void);
/* The image. */
const struct dlfm_image *audit_answer_image(void);

/*
 * The name of la_objsearch(LA_SER_ORIG): as it stands in DT_NEEDED, in LD_PRELOAD or was given to
 * dlopen. Returns the name that ld.so is to go on with, never NULL (ld.so would print "(null)").
 * `by` is the object that asks, `requester` its path.
 */
const char *audit_answer_name(const struct link_map *by, const char *requester, const char *name);

/*
 * A candidate that ld.so made from a directory that it searches (all other flags of la_objsearch).
 * May write to the directory part of `candidate`: see probe.h.
 */
const char *audit_answer_candidate(const struct link_map *by, const char *requester,
				   const char *candidate, unsigned flag);

/* A new object, before its names are restored: for loaded.h. */
void audit_answer_mapped(const struct link_map *map);
/* A new object that audit_names_restore() left alone: was it opened without asking? */
void audit_answer_opened(const struct link_map *map);

#endif
