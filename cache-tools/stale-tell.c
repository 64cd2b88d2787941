/* SPDX-License-Identifier: BSD-3-Clause */
/* Saying of a path that is not as it was recorded what is the matter with it. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/scan.h"
#include "cache-tools/stale-private.h"

const char *stale_word(enum stale_state state)
{
	switch (state) {
	case STALE_CHANGED:
		return "changed";
	case STALE_GONE:
		return "gone";
	case STALE_APPEARED:
		return "new";
	case STALE_SAME:
	case STALE_TOUCHED:
	case STALE_RETIMED:
	case STALE_STATES:
		break;
	}
	return "";
}

static const char *kind(uint32_t mode)
{
	return S_ISREG(mode)   ? "a file"
	       : S_ISDIR(mode) ? "a directory"
	       : S_ISLNK(mode) ? "a symbolic link"
			       : "something else";
}

static int other_time(const struct dlfm_image_stat *a, const struct dlfm_image_stat *b)
{
	return a->mtime.sec != b->mtime.sec || a->mtime.nsec != b->mtime.nsec;
}

static void tell_directory(char *text, size_t size, const struct dlfm_cache_entry *entry,
			   const struct dlfm_image_stat *now)
{
	struct stale_names d;

	if (now->ino != entry->st.ino)
		snprintf(text, size, "another directory has its name now");
	else if (!(entry->flags & DLFM_ENTRY_LISTED) ||
		 stale_compare_names(&d, entry, AT_FDCWD, entry->path) < 0)
		snprintf(text, size, "its times");
	else if (d.appeared && d.gone)
		snprintf(text, size, "new in it: %s%s; gone from it: %s%s", d.first_new,
			 d.appeared > 1 ? " ..." : "", d.first_gone, d.gone > 1 ? " ..." : "");
	else if (d.appeared)
		snprintf(text, size, "new in it: %s%s", d.first_new, d.appeared > 1 ? " ..." : "");
	else if (d.gone)
		snprintf(text, size, "gone from it: %s%s", d.first_gone, d.gone > 1 ? " ..." : "");
	else
		snprintf(text, size, "its times; it has the same names");
}

static void tell_file(char *text, size_t size, const struct dlfm_cache_entry *entry,
		      const struct dlfm_scan *now)
{
	const struct dlfm_image_stat *a = &entry->st, *b = &now->st;

	if ((a->mode & S_IFMT) != (b->mode & S_IFMT))
		snprintf(text, size, "it was %s, and is %s", kind(a->mode), kind(b->mode));
	else if (entry->target && strcmp(entry->target, now->target) != 0)
		snprintf(text, size, "it led to %.200s, and leads to %.200s", entry->target,
			 now->target);
	else if (a->ino != b->ino)
		snprintf(text, size, "another file has its name now: %llu bytes, it had %llu",
			 (unsigned long long)b->size, (unsigned long long)a->size);
	else if (a->size != b->size)
		snprintf(text, size, "rewritten: %llu bytes, it had %llu",
			 (unsigned long long)b->size, (unsigned long long)a->size);
	else if (other_time(a, b))
		snprintf(text, size, "rewritten or touched: another time, the same size");
	else if (a->mode != b->mode || a->uid != b->uid || a->gid != b->gid)
		snprintf(text, size, "mode %04o of %u:%u, it was %04o of %u:%u", b->mode & 07777,
			 b->uid, b->gid, a->mode & 07777, a->uid, a->gid);
	else
		snprintf(text, size, "rewritten: other bytes, the same size and time");
}

/* A recorded file of this name that a search would have come to later; NULL: none. */
static const char *shadowed(const struct dlfm_cache *c, uint32_t i)
{
	const char *name = stale_name(c, i);
	uint32_t k;

	for (k = 0; k < c->n_resolutions; k++)
		if (strcmp(c->resolutions[k].name, name) == 0)
			return c->resolutions[k].answer;
	if (strncmp(name, "__init__.", 9) == 0)
		return NULL;
	for (k = 0; k < c->n_entries; k++)
		if (k != i && c->entries[k].content != DLFM_NONE &&
		    strcmp(stale_name(c, k), name) == 0)
			return c->entries[k].path;
	return NULL;
}

static void tell_new(char *text, size_t size, const struct dlfm_cache *c, uint32_t i)
{
	const char *other = shadowed(c, i);

	if (other)
		snprintf(text, size, "there was none; a search may find it instead of %.400s",
			 other);
	else
		snprintf(text, size, "there was none");
}

void stale_tell(const struct stale *s, uint32_t i, char *text, size_t size)
{
	const struct dlfm_cache_entry *entry = &s->cache->entries[i];
	struct dlfm_scan now;

	dlfm_scan_path(&now, entry->path);
	if (s->state[i] == STALE_APPEARED)
		tell_new(text, size, s->cache, i);
	else if (s->state[i] == STALE_GONE)
		snprintf(text, size, "%s that was recorded is not there", kind(entry->st.mode));
	else if (now.lerr)
		snprintf(text, size, "%s", strerror(now.lerr));
	else if (entry->lerr)
		snprintf(text, size, "it could not be looked up when it was recorded");
	else if (S_ISDIR(entry->st.mode) && S_ISDIR(now.st.mode) && entry->st.mode == now.st.mode &&
		 entry->st.uid == now.st.uid && entry->st.gid == now.st.gid)
		tell_directory(text, size, entry, &now.st);
	else
		tell_file(text, size, entry, &now);
}
