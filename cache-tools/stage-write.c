/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mirror tree: directories, files, links. Names are opened below the tree's own descriptor;
 * while files are written there is no link in the tree, and the tree is the user's alone, so no
 * name leads out of it.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/stage-private.h"

enum { COPY = 1 << 20 };

static const struct dlfm_cache_entry *entry_of(const struct stage_tree *t, uint32_t i)
{
	return &t->plan.cache->entries[i];
}

/* The name below the tree; "." for "/". */
static const char *below(const struct dlfm_cache_entry *entry)
{
	return entry->path[1] ? entry->path + 1 : ".";
}

int stage_failed(const char *where, const char *what, const char *name, struct dlfm_error *e)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return dlfm_errnof(e,
				   "%s has no room for %s: free some, or choose another "
				   "staging directory",
				   where, name);
	return dlfm_errnof(e, "cannot %s %s in %s", what, name, where);
}

static int failed(const struct stage_tree *t, const char *what,
		  const struct dlfm_cache_entry *entry, struct dlfm_error *e)
{
	return stage_failed(t->where, what, entry->path, e);
}

int stage_make_directories(const struct stage_tree *t, struct dlfm_error *e)
{
	const struct dlfm_cache_entry *entry;
	uint32_t i;

	for (i = 0; i < t->plan.cache->n_entries; i++) {
		entry = entry_of(t, i);
		if (!(t->plan.flags[i] & DLFM_PLAN_DIR) || !entry->path[1])
			continue;
		if (mkdirat(t->root, below(entry), 0700) < 0)
			return failed(t, "make", entry, e);
	}
	return 0;
}

int stage_make_links(const struct stage_tree *t, struct dlfm_error *e)
{
	const struct dlfm_cache_entry *entry, *dir;
	char target[PATH_MAX], name[2 * PATH_MAX];
	uint32_t i;

	for (i = 0; i < t->plan.n_links; i++) {
		entry = entry_of(t, t->plan.links[i].entry);
		dir = entry_of(t, t->plan.links[i].dir);
		snprintf(name, sizeof(name), "%s/%s", below(dir), dlfm_plan_name(entry));
		if (dlfm_plan_relative(target, sizeof(target), dir->path,
				       entry_of(t, t->plan.links[i].target)->path) < 0)
			continue;
		/* Two spellings of one link make one. */
		if (symlinkat(target, t->root, name) < 0 && errno != EEXIST)
			return failed(t, "make", entry, e);
	}
	return 0;
}

/* ---- files ---- */

static int open_file(const struct stage_tree *t, uint32_t i, struct dlfm_error *e)
{
	int fd = openat(t->root, below(entry_of(t, i)),
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? failed(t, "make", entry_of(t, i), e) : fd;
}

static int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	while (size) {
		n = write(fd, at, size);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			at += n;
			size -= n;
		}
	}
	return 0;
}

mode_t stage_mode(const struct dlfm_image_stat *st)
{
	return (st->mode & 0777) | (st->access & R_OK ? S_IRUSR : 0) |
	       (st->access & X_OK ? S_IXUSR : 0);
}

/* Gives the file its recorded mode (never set-id) and times, notes its inode. */
static int finish_file(const struct stage_tree *t, uint32_t i, int fd, struct dlfm_error *e)
{
	const struct dlfm_image_stat *st = &entry_of(t, i)->st;
	const struct timespec times[2] = {
		{.tv_sec = st->atime.sec, .tv_nsec = st->atime.nsec},
		{.tv_sec = st->mtime.sec, .tv_nsec = st->mtime.nsec},
	};
	struct stat now;

	if (fchmod(fd, stage_mode(st)) < 0 || futimens(fd, times) < 0 || fstat(fd, &now) < 0)
		return failed(t, "finish", entry_of(t, i), e);
	t->staged[i] = (struct stage_inode){now.st_dev, now.st_ino};
	return 0;
}

static int link_file(const struct stage_tree *t, const struct dlfm_plan_file *f,
		     struct dlfm_error *e)
{
	uint32_t first = t->plan.files[f->same].entry;

	if (linkat(t->root, below(entry_of(t, first)), t->root, below(entry_of(t, f->entry)), 0) <
	    0)
		return failed(t, "link", entry_of(t, f->entry), e);
	t->staged[f->entry] = t->staged[first];
	return 0;
}

static int write_file(const struct stage_tree *t, uint32_t i, const void *data, size_t size,
		      struct dlfm_error *e)
{
	int fd = open_file(t, i, e), rc;

	if (fd < 0)
		return -1;
	if (write_all(fd, data, size) < 0)
		rc = failed(t, "write", entry_of(t, i), e);
	else
		rc = finish_file(t, i, fd, e);
	close(fd);
	return rc;
}

int stage_write_content(const struct stage_tree *t, uint32_t content, const void *data, size_t size,
			struct dlfm_error *e)
{
	const struct dlfm_plan_file *f = t->plan.files + t->plan.first[content],
				    *end = t->plan.files + t->plan.first[content + 1];

	for (; f < end; f++)
		if (f->same != DLFM_NONE ? link_file(t, f, e) < 0
					 : write_file(t, f->entry, data, size, e) < 0)
			return -1;
	return 0;
}

/* ---- files that come in pieces ---- */

int stage_begin_content(const struct stage_tree *t, uint32_t content, struct dlfm_error *e)
{
	uint32_t first = t->plan.first[content], i;
	int fd;

	if (first == t->plan.first[content + 1])
		return -2;
	i = t->plan.files[first].entry;
	fd = open_file(t, i, e);
	if (fd < 0)
		return -1;
	/* Too little room is found out before the bytes come. Not every file system can. */
	if (fallocate(fd, 0, 0, t->plan.cache->contents[content].size) < 0 && errno != EOPNOTSUPP) {
		failed(t, "write", entry_of(t, i), e);
		close(fd);
		return -1;
	}
	return fd;
}

int stage_add_content(const struct stage_tree *t, uint32_t content, int fd, const void *data,
		      size_t size, struct dlfm_error *e)
{
	if (write_all(fd, data, size) == 0)
		return 0;
	return failed(t, "write", entry_of(t, t->plan.files[t->plan.first[content]].entry), e);
}

static int copy_file(const struct stage_tree *t, int from, uint32_t i, struct dlfm_error *e)
{
	int fd = open_file(t, i, e), rc = 0;
	char *data = malloc(COPY);
	off_t at = 0;
	ssize_t n = 1;

	if (fd >= 0 && !data)
		dlfm_errf(e, "no memory");
	while (fd >= 0 && data && rc == 0 && (n = pread(from, data, COPY, at)) > 0) {
		at += n;
		rc = write_all(fd, data, n);
	}
	free(data);
	if (fd < 0 || !data)
		rc = -1;
	else if (n < 0 || rc < 0)
		rc = failed(t, "write", entry_of(t, i), e);
	else
		rc = finish_file(t, i, fd, e);
	if (fd >= 0)
		close(fd);
	return rc;
}

int stage_end_content(const struct stage_tree *t, uint32_t content, int fd, struct dlfm_error *e)
{
	const struct dlfm_plan_file *f = t->plan.files + t->plan.first[content],
				    *end = t->plan.files + t->plan.first[content + 1];
	int rc = finish_file(t, f->entry, fd, e);

	for (f++; rc == 0 && f < end; f++)
		rc = f->same != DLFM_NONE ? link_file(t, f, e) : copy_file(t, fd, f->entry, e);
	close(fd);
	return rc;
}

const char *stage_path_of(const struct dlfm_cache *c, uint32_t content)
{
	uint32_t i;

	for (i = 0; i < c->n_entries; i++)
		if (c->entries[i].content == content)
			return c->entries[i].path;
	return "no path";
}
