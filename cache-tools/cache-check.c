/* SPDX-License-Identifier: BSD-3-Clause */
/* What must be true of a cache beyond offsets that lie inside: paths, order, parents, canonical
 * twins, sizes. */
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-read.h"

static int is_dots(const char *name, size_t len)
{
	return (len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.');
}

int dlfm_path_is_normal(const char *path, size_t len)
{
	size_t at, end;

	if (len == 0 || len > DLFM_CACHE_MAX_PATH || path[0] != '/' || memchr(path, 0, len))
		return 0;
	if (len == 1)
		return 1;
	for (at = 1; at <= len; at = end + 1) {
		const char *slash = memchr(path + at, '/', len - at);

		end = slash ? (size_t)(slash - path) : len;
		if (end == at || end - at > 255 || is_dots(path + at, end - at))
			return 0;
	}
	return 1;
}

int dlfm_path_is_bounded(const char *path, size_t len)
{
	size_t at = 0, end;
	long depth = 0;

	if (len == 0 || len > DLFM_CACHE_MAX_PATH || path[0] != '/' || memchr(path, 0, len))
		return 0;
	for (; at < len; at = end) {
		while (at < len && path[at] == '/')
			at++;
		for (end = at; end < len && path[end] != '/';)
			end++;
		if (end - at == 2 && is_dots(path + at, 2))
			depth--;
		else if (end > at && !is_dots(path + at, end - at))
			depth++;
		if (depth < 0)
			return 0;
	}
	return 1;
}

/* Length of the part of a normal path before its last name; 1 for "/x". */
static uint32_t directory_len(const struct dlfm_cache_entry *entry)
{
	uint32_t len = entry->path_len;

	while (len > 1 && entry->path[len - 1] != '/')
		len--;
	return len > 1 ? len - 1 : 1;
}

/* Do both paths end with the same name? */
static int same_name(const struct dlfm_cache_entry *a, const struct dlfm_cache_entry *b)
{
	return strcmp(strrchr(a->path, '/'), strrchr(b->path, '/')) == 0;
}

static int check_place(const struct dlfm_cache *c, uint32_t i, struct dlfm_error *e)
{
	const struct dlfm_cache_entry *entry = &c->entries[i], *parent;
	uint32_t len;

	if (!dlfm_path_is_normal(entry->path, entry->path_len))
		return dlfm_damaged(e, "the path of entry %u is not absolute and in normal form",
				    i);
	if (i == 0)
		return entry->path_len == 1 && entry->parent == 0
			       ? 0
			       : dlfm_damaged(e, "the first entry is not \"/\"");
	if (strcmp(c->entries[i - 1].path, entry->path) >= 0)
		return dlfm_damaged(e, "the paths of entries %u and %u are not in order", i - 1, i);
	len = directory_len(entry);
	parent = entry->parent < i ? &c->entries[entry->parent] : NULL;
	if (!parent || parent->path_len != len || memcmp(parent->path, entry->path, len) != 0)
		return dlfm_damaged(e, "the parent of entry %u is not its directory", i);
	return 0;
}

static int check_canon(const struct dlfm_cache *c, uint32_t i, struct dlfm_error *e)
{
	const struct dlfm_cache_entry *entry = &c->entries[i], *canon;
	const struct dlfm_cache_entry *parent = &c->entries[entry->parent];
	int is_link = entry->target != NULL;

	if (entry->canon == DLFM_NONE)
		return !(entry->flags & DLFM_ENTRY_KNOWN) || entry->err
			       ? 0
			       : dlfm_damaged(e, "entry %u exists without a canonical path", i);
	if (entry->canon >= c->n_entries || c->entries[entry->canon].canon != entry->canon)
		return dlfm_damaged(e, "the canonical path of entry %u is not one", i);
	canon = &c->entries[entry->canon];
	if (entry->canon == i)
		return parent->canon == entry->parent && !is_link
			       ? 0
			       : dlfm_damaged(e, "entry %u is not canonical", i);
	if ((entry->flags & DLFM_ENTRY_KNOWN) && !is_link &&
	    (canon->parent != parent->canon || !same_name(canon, entry)))
		return dlfm_damaged(e, "entry %u has another entry's canonical path", i);
	if ((entry->flags & canon->flags & DLFM_ENTRY_KNOWN) && entry->err != canon->err)
		return dlfm_damaged(e, "entry %u and its canonical path disagree", i);
	return 0;
}

static int is_blank(const struct dlfm_image_stat *st)
{
	static const struct dlfm_image_stat blank;

	return memcmp(st, &blank, sizeof(blank)) == 0;
}

static int check_errors(const struct dlfm_cache_entry *entry)
{
	int exists = (entry->flags & DLFM_ENTRY_KNOWN) && entry->lerr == 0;

	if (entry->lerr < 0 || entry->lerr > 4095 || entry->err < 0 || entry->err > 4095)
		return -1;
	if (!exists && (entry->target || !is_blank(&entry->st)))
		return -1;
	if (!(entry->flags & DLFM_ENTRY_KNOWN))
		return entry->lerr || entry->err ? -1 : 0;
	if (entry->lerr)
		return entry->err == entry->lerr ? 0 : -1;
	if (S_ISLNK(entry->st.mode))
		return entry->target && *entry->target ? 0 : -1;
	return entry->target || entry->err || !(entry->st.mode & S_IFMT) ? -1 : 0;
}

static int check_state(const struct dlfm_cache *c, uint32_t i, struct dlfm_error *e)
{
	const struct dlfm_cache_entry *entry = &c->entries[i];
	const uint32_t flags =
		DLFM_ENTRY_KNOWN | DLFM_ENTRY_LISTED | DLFM_ENTRY_LIBDIR | DLFM_ENTRY_LIBDIR_ABOVE;

	if (entry->flags & ~flags)
		return dlfm_damaged(e, "entry %u has unknown flags", i);
	if (check_errors(entry) < 0)
		return dlfm_damaged(e, "entry %u is neither a file nor absent", i);
	if (entry->n_names && !(entry->flags & DLFM_ENTRY_LISTED))
		return dlfm_damaged(e, "entry %u has names and no listing", i);
	if ((entry->flags & DLFM_ENTRY_LISTED) && (!S_ISDIR(entry->st.mode) || entry->canon != i))
		return dlfm_damaged(e, "entry %u has a listing and is no directory", i);
	if (entry->content == DLFM_NONE)
		return 0;
	if (entry->content >= c->n_contents || !S_ISREG(entry->st.mode) || entry->canon != i ||
	    c->contents[entry->content].size != entry->st.size)
		return dlfm_damaged(e, "entry %u has a content that is not its own", i);
	return 0;
}

int dlfm_cache_check_entries(const struct dlfm_cache *c, struct dlfm_error *e)
{
	uint64_t n_files, files_size;
	uint32_t i;

	if (c->n_entries == 0)
		return dlfm_damaged(e, "it has no entry");
	for (i = 0; i < c->n_entries; i++)
		if (check_place(c, i, e) < 0)
			return -1;
	for (i = 0; i < c->n_entries; i++)
		if (check_canon(c, i, e) < 0 || check_state(c, i, e) < 0)
			return -1;
	dlfm_cache_totals(c, &n_files, &files_size);
	if (n_files != c->header.n_files || files_size != c->header.files_size)
		return dlfm_damaged(e, "its header counts other files than its metadata");
	return 0;
}

static int check_resolution(const struct dlfm_cache *c, uint32_t i)
{
	const struct dlfm_cache_resolution *r = &c->resolutions[i], *last = r - 1;
	uint32_t g;
	int d = -1;

	if (r->table >= c->n_tables || !*r->name || strchr(r->name, '/') ||
	    !dlfm_path_is_bounded(r->requester, strlen(r->requester)) ||
	    !dlfm_path_is_bounded(r->answer, strlen(r->answer)))
		return -1;
	for (g = 0; g < r->n_guards; g++)
		if (!dlfm_path_is_bounded(r->guards[g], strlen(r->guards[g])))
			return -1;
	if (i > 0 && last->table >= r->table)
		d = last->table > r->table ? 1 : strcmp(last->requester, r->requester);
	if (d == 0)
		d = strcmp(last->name, r->name);
	return d < 0 ? 0 : -1;
}

int dlfm_cache_check_resolutions(const struct dlfm_cache *c, struct dlfm_error *e)
{
	uint32_t i, j;

	for (i = 0; i < c->n_tables; i++) {
		if (c->tables[i].fingerprint == 0)
			return dlfm_damaged(e, "table %u has no fingerprint", i);
		for (j = 0; j < i; j++)
			if (c->tables[i].fingerprint == c->tables[j].fingerprint)
				return dlfm_damaged(e, "tables %u and %u are the same", j, i);
	}
	for (i = 0; i < c->n_resolutions; i++)
		if (check_resolution(c, i) < 0)
			return dlfm_damaged(e, "resolution %u is not valid or not in order", i);
	return 0;
}
