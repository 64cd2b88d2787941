/* SPDX-License-Identifier: BSD-3-Clause */
/* Leases of an open store; stage.h has the calls that go through all directories. */
#ifndef DLFM_LEASE_H
#define DLFM_LEASE_H

#include "cache-tools/store.h"

/* Is it a key: 1 to DLFM_LEASE_KEY_MAX of [A-Za-z0-9._+-], not beginning with a dot? -1 with a
 * text. */
int dlfm_lease_check_key(const char *key, struct dlfm_error *e);
/* Takes or renews a lease (under the store's lock). */
int dlfm_lease_take(const struct dlfm_store *s, const char *key, const char *id,
		    struct dlfm_error *e);
/* The image id that a lease names: 1, 0: no such lease, -1 with a text: something else stands
 * there. */
int dlfm_lease_read(const struct dlfm_store *s, const char *key, char id[DLFM_CACHE_ID_TEXT],
		    struct dlfm_error *e);
/* Does anybody hold a lease of this image? */
int dlfm_lease_is_held(const struct dlfm_store *s, const char *id);
/* Ends a lease, and discards the image if nobody else holds one (under the lock). Returns how many
 * images went. */
int dlfm_lease_drop(const struct dlfm_store *s, const char *key);
/* The same for leases of processes that are gone, unless some process still has the image mapped.
 */
int dlfm_lease_drop_dead(const struct dlfm_store *s);

/* ---- lease-owner.c ---- */

/* Is it such a key as dlfm_lease_own_key() makes, of a process that is gone? (One in another PID
 * namespace is not.) */
int dlfm_lease_owner_is_gone(const char *key);
/* The key of the lease that keeps an image until the user's next sweep (dlfm stage without a job). */
void dlfm_lease_kept_key(char key[DLFM_LEASE_KEY_MAX + 1], const char *id);
/* Is it such a key as dlfm_lease_kept_key() makes? */
int dlfm_lease_is_kept(const char *key);
/* Has a process that we may look at mapped a file below this directory of the store (an image, a
 * journal)? */
int dlfm_is_mapped(const struct dlfm_store *s, const char *name);

#endif
