/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Making a stale cache true. What can be answered again from one look is; everything else is forgotten, that is, left
 * to the file system: slower, never wrong.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/elf-file.h"
#include "cache-tools/scan.h"
#include "cache-tools/stale-private.h"

/* More changes than that: all resolutions are in doubt. */
enum { MAX_TOUCHED = 2000 };
/* A file that appeared is stored up to this. */
#define MAX_NEW (UINT64_C(64) << 20)

static int is_known(const struct dlfm_cache *c, uint32_t i)
{
	return i != DLFM_NONE && c->entries[i].flags & DLFM_ENTRY_KNOWN;
}

static void forget(struct dlfm_cache_entry *entry)
{
	entry->flags &= ~(uint32_t)(DLFM_ENTRY_KNOWN | DLFM_ENTRY_LISTED);
	entry->lerr = entry->err = 0;
	entry->content = DLFM_NONE;
	entry->names = NULL;
	entry->n_names = 0;
	entry->target = NULL;
	memset(&entry->st, 0, sizeof(entry->st));
}

static void make_absent(struct dlfm_cache_entry *entry, uint32_t i)
{
	forget(entry);
	entry->flags |= DLFM_ENTRY_KNOWN;
	entry->lerr = entry->err = ENOENT;
	entry->canon = i;
}

/* ---- entries in their own directory ---- */

static void add_tls(struct dlfm_cache *c, const char *path)
{
	struct dlfm_elf elf;

	if (dlfm_elf_read_path(&elf, path) == 0 && elf.native && elf.tls)
		c->static_tls += elf.tls + elf.tls_align;
}

static void take_stat(struct dlfm_cache_entry *entry, const struct dlfm_scan *now)
{
	entry->st = now->st;
	entry->st.access = dlfm_scan_access(entry->path);
	entry->lerr = entry->err = 0;
}

static void take_file(struct stale *s, uint32_t i, const struct dlfm_scan *now)
{
	struct dlfm_cache_entry *entry = &s->cache->entries[i];

	take_stat(entry, now);
	add_tls(s->cache, entry->path);
}

/* Only its times differ: the rest is as it was, or was looked up by itself. */
static void mend_times(struct dlfm_cache_entry *entry)
{
	struct dlfm_scan now;

	dlfm_scan_path(&now, entry->path);
	if (now.lerr || now.st.ino != entry->st.ino ||
	    (!S_ISDIR(entry->st.mode) && now.st.size != entry->st.size))
		forget(entry);
	else
		take_stat(entry, &now);
}

static void mend_changed(struct stale *s, uint32_t i)
{
	struct dlfm_cache_entry *entry = &s->cache->entries[i];
	struct dlfm_scan now;
	int type;

	dlfm_scan_path(&now, entry->path);
	type = now.lerr ? 0 : now.st.mode & S_IFMT;
	if (entry->lerr || type != (int)(entry->st.mode & S_IFMT)) {
		forget(entry);
	} else if (type == S_IFREG) {
		s->reread[i] = entry->content != DLFM_NONE;
		take_file(s, i, &now);
	} else if (type == S_IFDIR && entry->flags & DLFM_ENTRY_LISTED) {
		take_stat(entry, &now);
		if (dlfm_scan_list(s->cache, entry) < 0)
			forget(entry);
	} else {
		forget(entry);
	}
}

static int ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* A name that the run asked for, and that can be code: what Python compiled since, a module, a library. */
static int is_code_name(const char *path)
{
	return ends_with(path, ".py") || ends_with(path, ".pyc") || ends_with(path, ".so") ||
	       ends_with(path, ".pth") || strstr(strrchr(path, '/'), ".so.");
}

static void mend_appeared(struct stale *s, uint32_t i)
{
	struct dlfm_cache_entry *entry = &s->cache->entries[i];
	struct dlfm_scan now;

	dlfm_scan_path(&now, entry->path);
	if (now.lerr || !is_known(s->cache, entry->parent)) {
		forget(entry);
	} else if (S_ISDIR(now.st.mode)) {
		/* say __pycache__: not listed; what was asked for below it has been looked at */
		entry->canon = i;
		take_stat(entry, &now);
	} else if (S_ISREG(now.st.mode) && now.st.size <= MAX_NEW && is_code_name(entry->path)) {
		entry->canon = i;
		s->reread[i] = 1;
		take_file(s, i, &now);
	} else {
		forget(entry);
	}
}

static void mend_direct(struct stale *s, uint32_t i, enum dlfm_stale policy)
{
	struct dlfm_cache_entry *entry = &s->cache->entries[i];

	if (s->state[i] == STALE_SAME)
		return;
	if (s->state[i] == STALE_RETIMED || (s->state[i] == STALE_TOUCHED && s->thorough))
		mend_times(entry);
	else if (policy == DLFM_STALE_DROP || s->state[i] == STALE_TOUCHED)
		forget(entry);
	else if (s->state[i] == STALE_CHANGED)
		mend_changed(s, i);
	else if (s->state[i] == STALE_APPEARED)
		mend_appeared(s, i);
	else if (S_ISDIR(entry->st.mode))
		forget(entry);
	else
		make_absent(entry, i);
}

/* ---- directories that are others now, links that lead elsewhere ---- */

/* A directory that is gone or another one takes everything below it along. */
static int is_lost(const struct stale *s, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &s->cache->entries[i];
	struct dlfm_scan now;

	if (entry->canon != i || s->state[i] == STALE_SAME || !S_ISDIR(entry->st.mode))
		return 0;
	if (s->state[i] == STALE_GONE)
		return 1;
	dlfm_scan_path(&now, entry->path);
	return now.lerr || !S_ISDIR(now.st.mode) || now.st.ino != entry->st.ino;
}

static void forget_lost(struct stale *s, unsigned char *lost)
{
	struct dlfm_cache *c = s->cache;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		lost[i] = (i && lost[c->entries[i].parent]) || is_lost(s, i);
		if (i && lost[c->entries[i].parent])
			forget(&c->entries[i]);
	}
}

static int a_link_changed(const struct stale *s)
{
	uint32_t i;

	for (i = 0; i < s->cache->n_entries; i++)
		if (s->state[i] != STALE_SAME && s->cache->entries[i].target)
			return 1;
	return 0;
}

/* Does the path lead where it led? */
static int leads_there(const char *path, const char *canon)
{
	struct stat a, b;

	return stat(path, &a) == 0 && lstat(canon, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static void forget_led_astray(struct stale *s)
{
	struct dlfm_cache *c = s->cache;
	uint32_t i;

	for (i = 0; i < c->n_entries; i++) {
		struct dlfm_cache_entry *entry = &c->entries[i];

		if (!is_known(c, i) || entry->canon == i)
			continue;
		/* What is absent by another way is not worth a look. */
		if (entry->canon == DLFM_NONE || entry->err ||
		    !leads_there(entry->path, c->entries[entry->canon].path))
			forget(entry);
	}
}

/* Other spellings say what their canonical twins say. */
static void follow(struct dlfm_cache *c, uint32_t i)
{
	struct dlfm_cache_entry *entry = &c->entries[i];
	const struct dlfm_cache_entry *canon;

	if (entry->canon == i || entry->canon == DLFM_NONE || !is_known(c, i))
		return;
	canon = &c->entries[entry->canon];
	if (!is_known(c, entry->canon)) {
		if (!entry->target)
			forget(entry);
		return;
	}
	entry->err = canon->err;
	if (entry->target)
		return;
	entry->lerr = canon->lerr;
	entry->st = canon->st;
}

/* ---- resolutions ---- */

/* The last component: what a search would have found there. */
static const char *base(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Entries that are not as they were, themselves or by what they lead to. */
struct touched {
	uint32_t *list, n;
};

static int is_touched_entry(const struct stale *s, uint32_t i)
{
	uint32_t canon = s->cache->entries[i].canon;

	return stale_differs(s, i) || (canon != DLFM_NONE && stale_differs(s, canon));
}

/* One of this name is among them: a candidate, an answer; or the requester itself. */
static int is_touched(const struct dlfm_cache *c, const struct touched *t,
		      const struct dlfm_cache_resolution *r)
{
	const char *path;
	uint32_t i;

	for (i = 0; i < t->n; i++) {
		path = c->entries[t->list[i]].path;
		if (strcmp(base(path), r->name) == 0 || strcmp(path, r->requester) == 0)
			return 1;
	}
	return 0;
}

/* Has a searched directory that changed got something of this name which was not recorded there? */
static int has_new(const struct dlfm_cache *c, uint32_t dir, const char *name)
{
	const struct dlfm_cache_entry *d = &c->entries[dir];
	struct stat st;
	uint32_t at;
	char *path;
	int found = 1;

	if (asprintf(&path, "%s/%s", d->path_len > 1 ? d->path : "", name) < 0)
		return 1;
	if (lstat(path, &st) < 0) {
		found = 0;
	} else {
		at = dlfm_cache_find(c, path, strlen(path));
		found = !is_known(c, at) || c->entries[at].lerr;
	}
	free(path);
	return found;
}

static int changed_libdir(const struct stale *s, uint32_t i)
{
	return s->cache->entries[i].flags & DLFM_ENTRY_LIBDIR && s->state[i] != STALE_SAME;
}

/* Something that is no file where ld.so searches, or above: it may hold directories that are searched first. */
static int new_below_libdir(const struct stale *s, uint32_t i)
{
	const unsigned libdir = DLFM_ENTRY_LIBDIR | DLFM_ENTRY_LIBDIR_ABOVE;
	const struct dlfm_cache_entry *entry = &s->cache->entries[i];
	struct dlfm_scan now;

	if (s->state[i] != STALE_APPEARED ||
	    !((entry->flags | s->cache->entries[entry->parent].flags) & libdir))
		return 0;
	dlfm_scan_path(&now, entry->path);
	return now.lerr || !S_ISREG(now.st.mode);
}

/* Directories below one, by processor and its level, that ld.so looks into first. */
static int is_in_doubt(const struct stale *s, uint32_t i)
{
	if (new_below_libdir(s, i))
		return 1;
	return changed_libdir(s, i) &&
	       (s->state[i] == STALE_GONE || s->state[i] == STALE_APPEARED ||
		has_new(s->cache, i, "glibc-hwcaps") || has_new(s->cache, i, "tls"));
}

static int all_in_doubt(const struct stale *s)
{
	uint32_t i;

	for (i = 0; i < s->cache->n_entries; i++)
		if (is_in_doubt(s, i))
			return 1;
	return a_link_changed(s);
}

static int is_valid(const struct stale *s, const struct touched *t,
		    const struct dlfm_cache_resolution *r)
{
	uint32_t i;

	if (is_touched(s->cache, t, r))
		return 0;
	for (i = 0; i < t->n; i++)
		if (changed_libdir(s, t->list[i]) && has_new(s->cache, t->list[i], r->name))
			return 0;
	return 1;
}

/* Before the entries are mended: states and old answers are compared. */
static void mend_resolutions(struct stale *s)
{
	struct dlfm_cache *c = s->cache;
	struct touched t = {calloc((size_t)c->n_entries + 1, sizeof(*t.list)), 0};
	uint32_t i, n = 0;

	for (i = 1; t.list && i < c->n_entries; i++)
		if (is_touched_entry(s, i))
			t.list[t.n++] = i;
	if (t.list && t.n <= MAX_TOUCHED && !all_in_doubt(s))
		for (i = 0; i < c->n_resolutions; i++)
			if (is_valid(s, &t, &c->resolutions[i]))
				c->resolutions[n++] = c->resolutions[i];
	c->n_resolutions = n;
	free(t.list);
}

int stale_mend(struct stale *s, enum dlfm_stale policy, struct dlfm_error *e)
{
	struct dlfm_cache *c = s->cache;
	unsigned char *lost = calloc((size_t)c->n_entries + 1, 1);
	int astray = a_link_changed(s);
	uint32_t i;

	s->reread = calloc((size_t)c->n_entries + 1, 1);
	if (!lost || !s->reread) {
		free(lost);
		return dlfm_errf(e, "no memory for %u entries", c->n_entries);
	}
	mend_resolutions(s);
	forget_lost(s, lost);
	for (i = 0; i < c->n_entries; i++)
		if ((!i || !lost[c->entries[i].parent]) && stale_is_direct(c, i))
			mend_direct(s, i, policy);
	if (astray)
		forget_led_astray(s);
	for (i = 0; i < c->n_entries; i++)
		follow(c, i);
	free(lost);
	return 0;
}
