/* SPDX-License-Identifier: BSD-3-Clause */
/* Leases: symbolic links that say which job uses which image. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/lease.h"

int dlfm_lease_check_key(const char *key, struct dlfm_error *e)
{
	size_t len = strlen(key);

	if (len > 0 && len <= DLFM_LEASE_KEY_MAX && key[0] != '.' &&
	    strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-") ==
		    len)
		return 0;
	return dlfm_errf(e,
			 "'%.40s' cannot be the key of a lease; use up to %d letters, digits and "
			 ". _ + -",
			 key, DLFM_LEASE_KEY_MAX);
}

int dlfm_lease_read(const struct dlfm_store *s, const char *key, char id[DLFM_CACHE_ID_TEXT],
		    struct dlfm_error *e)
{
	char target[DLFM_CACHE_ID_TEXT + 8];
	ssize_t n = s->leases < 0 ? -1 : readlinkat(s->leases, key, target, sizeof(target) - 1);

	if (s->leases < 0 || (n < 0 && errno == ENOENT))
		return 0;
	if (n < 0 && errno != EINVAL)
		return dlfm_errnof(e, "%s/leases/%s", s->path, key);
	target[n < 0 ? 0 : n] = '\0';
	if (strncmp(target, "../", 3) != 0 || !dlfm_store_is_id(target + 3))
		return dlfm_errf(e, "%s/leases/%s is not a lease; remove it", s->path, key);
	memcpy(id, target + 3, DLFM_CACHE_ID_TEXT);
	return 1;
}

int dlfm_lease_take(const struct dlfm_store *s, const char *key, const char *id,
		    struct dlfm_error *e)
{
	char target[DLFM_CACHE_ID_TEXT + 8], old[DLFM_CACHE_ID_TEXT];

	snprintf(target, sizeof(target), "../%s", id);
	if (symlinkat(target, s->leases, key) == 0)
		return 0;
	if (errno == EEXIST && dlfm_lease_read(s, key, old, NULL) == 1 && strcmp(old, id) == 0)
		return 0;
	if (errno == EEXIST && unlinkat(s->leases, key, 0) == 0 &&
	    symlinkat(target, s->leases, key) == 0)
		return 0;
	return dlfm_errnof(e, "cannot make the lease %s/leases/%s", s->path, key);
}

int dlfm_lease_is_held(const struct dlfm_store *s, const char *id)
{
	char held[DLFM_CACHE_ID_TEXT];
	struct dirent *de;
	int found = 0;
	DIR *d = s->leases < 0 ? NULL : dlfm_store_names(s->leases);

	while (d && !found && (de = readdir(d)))
		found = de->d_name[0] != '.' && dlfm_lease_read(s, de->d_name, held, NULL) == 1 &&
			strcmp(held, id) == 0;
	if (d)
		closedir(d);
	return found;
}

int dlfm_lease_drop(const struct dlfm_store *s, const char *name)
{
	char id[DLFM_CACHE_ID_TEXT];
	int rc = dlfm_lease_read(s, name, id, NULL);

	unlinkat(s->leases, name, 0);
	return rc == 1 && !dlfm_lease_is_held(s, id) && dlfm_store_discard(s, id) == 0;
}

int dlfm_lease_drop_dead(const struct dlfm_store *s)
{
	char id[DLFM_CACHE_ID_TEXT];
	struct dirent *de;
	int n = 0;
	DIR *d = s->leases < 0 ? NULL : dlfm_store_names(s->leases);

	while (d && (de = readdir(d)))
		if (dlfm_lease_owner_is_gone(de->d_name) &&
		    !(dlfm_lease_read(s, de->d_name, id, NULL) == 1 && dlfm_is_mapped(s, id)))
			n += dlfm_lease_drop(s, de->d_name);
	if (d)
		closedir(d);
	return n;
}

/* ---- through all directories ---- */

int dlfm_lease_find(const char *const *dirs, uid_t uid, const char *key, char image[PATH_MAX],
		    struct dlfm_error *e)
{
	char id[DLFM_CACHE_ID_TEXT];
	struct dlfm_store s;
	int rc = 0, refused = 0;

	if (dlfm_lease_check_key(key, e) < 0)
		return -1;
	for (dirs = dlfm_store_dirs(dirs); rc == 0 && *dirs; dirs++) {
		rc = dlfm_store_open(&s, *dirs, uid, DLFM_STORE_LOOK, e);
		if (rc < 0) { /* somebody stands in the way: staging took the next directory, too */
			refused = 1;
			rc = 0;
			continue;
		}
		if (rc == 0)
			continue;
		rc = dlfm_lease_read(&s, key, id, e);
		if (rc == 1)
			rc = dlfm_store_has(&s, id, e);
		if (rc == 1 && snprintf(image, PATH_MAX, "%s/%s", s.path, id) >= PATH_MAX)
			rc = dlfm_errf(e, "%s: the path is too long", s.path);
		dlfm_store_close(&s);
	}
	return rc == 0 && refused ? -1 : rc;
}

static int is_of(const char *name, const char *key)
{
	size_t len = strlen(key);

	return strncmp(name, key, len) == 0 && (name[len] == '\0' || name[len] == '.');
}

/* Discards what was recorded under the key, and what processes that are gone recorded under theirs. */
static void drop_journals(const struct dlfm_store *s, const char *key)
{
	const size_t prefix = strlen(DLFM_STORE_JOURNAL);
	struct dirent *de;
	DIR *d = dlfm_store_names(s->fd);

	while (d && (de = readdir(d))) {
		if (strncmp(de->d_name, DLFM_STORE_JOURNAL, prefix) != 0)
			continue;
		if (is_of(de->d_name + prefix, key) ||
		    (dlfm_lease_owner_is_gone(de->d_name + prefix) &&
		     !dlfm_is_mapped(s, de->d_name)))
			dlfm_store_discard(s, de->d_name);
	}
	if (d)
		closedir(d);
}

static int release_in(struct dlfm_store *s, const char *key, struct dlfm_error *e)
{
	struct dirent *de;
	int n = 0, rc;
	DIR *d;

	rc = dlfm_store_lock(s, e);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	n = dlfm_lease_drop_dead(s);
	d = s->leases < 0 ? NULL : dlfm_store_names(s->leases);
	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.' && is_of(de->d_name, key))
			n += dlfm_lease_drop(s, de->d_name);
	if (d)
		closedir(d);
	drop_journals(s, key);
	dlfm_store_unlock(s);
	dlfm_store_empty(s);
	if (dlfm_store_lock(s, NULL) == 0)
		dlfm_store_retire(s);
	return n;
}

int dlfm_lease_release(const char *const *dirs, const char *key, struct dlfm_error *e)
{
	struct dlfm_store s;
	int rc, n = 0, failed = 0;

	if (dlfm_lease_check_key(key, e) < 0)
		return -1;
	for (dirs = dlfm_store_dirs(dirs); *dirs; dirs++) {
		rc = dlfm_store_open(&s, *dirs, geteuid(), DLFM_STORE_CHANGE, e);
		if (rc == 1) {
			rc = release_in(&s, key, e);
			dlfm_store_close(&s);
		}
		failed |= rc < 0;
		n += rc > 0 ? rc : 0;
	}
	return failed ? -1 : n;
}

static int make_journal(struct dlfm_store *s, const char *key, char path[PATH_MAX],
			struct dlfm_error *e)
{
	char name[NAME_MAX + 1];
	int rc;

	snprintf(name, sizeof(name), DLFM_STORE_JOURNAL "%s", key);
	if (snprintf(path, PATH_MAX, "%s/%s", s->path, name) >= PATH_MAX)
		return dlfm_errf(e, "%s: the path is too long", s->path);
	if (dlfm_store_lock(s, e) < 0)
		return -1;
	rc = mkdirat(s->fd, name, 0700) < 0 && errno != EEXIST
		     ? dlfm_errnof(e, "cannot make %s", path)
		     : 0;
	dlfm_store_unlock(s);
	return rc;
}

int dlfm_journal_directory(const char *const *dirs, const char *key, char path[PATH_MAX],
			   struct dlfm_error *e)
{
	struct dlfm_store s;
	int rc = -1;

	if (dlfm_lease_check_key(key, e) < 0)
		return -1;
	for (dirs = dlfm_store_dirs(dirs); rc < 0 && *dirs; dirs++) {
		if (dlfm_store_open(&s, *dirs, geteuid(), DLFM_STORE_MAKE, e) < 0)
			continue;
		rc = make_journal(&s, key, path, e);
		dlfm_store_close(&s);
	}
	return rc;
}
