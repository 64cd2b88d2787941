/* SPDX-License-Identifier: BSD-3-Clause */
/* Recording: ld.so's searches and the objects that it maps, into the journal. Nothing is done
 * without a journal. */
#ifndef DLFM_AUDIT_RECORD_H
#define DLFM_AUDIT_RECORD_H

#include "libdlfm/journal.h"

/* Opens the journal that DLFM_JOURNAL asks for; `flags` as in its header. 1 if there is one. */
int audit_record_start(uint32_t flags);

/* A question of ld.so (la_objsearch's `flag`) that is to be kept. */
void audit_record_search(const char *requester, const char *name, unsigned flag);
/* An object was mapped; what: DLFM_OBJECT_*. In a replay only the first one after a search that is
 * kept. */
void audit_record_object(const char *path, unsigned what);
void audit_record_count(enum dlfm_counter which);

#endif
