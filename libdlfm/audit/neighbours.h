/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Other auditors in LD_AUDIT. ld.so hands each name from one auditor to the next, so those behind
 * this one see its answers instead of the names. That would break an auditor that rewrites names.
 */
#ifndef DLFM_AUDIT_NEIGHBOURS_H
#define DLFM_AUDIT_NEIGHBOURS_H

/* Is this auditor the first of LD_AUDIT? */
int audit_is_first(void);
/* May an auditor behind this one be interested in names, that is, have la_objsearch? */
int audit_others_search(void);

#endif
