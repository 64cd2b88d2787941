/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing the recorded files below a directory, never outside it: each name of a path is opened by itself, unfollowed. */
#include "config.h"

#include "cache-tools/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place { /* a name in an open directory */
	int dir;
	char name[256];
};

struct extraction {
	const struct dlfm_cache_file *f;
	const struct dlfm_extract_options *o;
	int root;
	struct dlfm_error *e;
};

/* Opens a directory below another one, made if need be. -1 with errno. */
static int enter(int dir, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dir, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return -1;
	return openat(dir, name, flags);
}

/* Goes to the directory of a path, made if need be. */
static int reach(const struct extraction *x, const char *path, struct place *p)
{
	int dir = dup(x->root), next;
	size_t len;

	for (path++; dir >= 0; path += len + 1) {
		len = strcspn(path, "/");
		snprintf(p->name, sizeof(p->name), "%.*s", (int)len, path);
		if (!path[len])
			break;
		next = enter(dir, p->name);
		close(dir);
		dir = next;
	}
	p->dir = dir;
	return dir < 0 ? -1 : 0;
}

static int write_piece(void *arg, const void *data, size_t size, struct dlfm_error *e)
{
	const int fd = *(const int *)arg;
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return dlfm_errnof(e, "cannot be written");
		done += (size_t)n;
	}
	return 0;
}

static int fill(const struct extraction *x, const struct dlfm_cache_entry *entry, int fd)
{
	const struct timespec times[2] = {
		{.tv_sec = entry->st.atime.sec, .tv_nsec = entry->st.atime.nsec},
		{.tv_sec = entry->st.mtime.sec, .tv_nsec = entry->st.mtime.nsec},
	};

	if (dlfm_cache_read_content(x->f, entry->content, write_piece, &fd, x->e) < 0)
		return -1;
	/* neither setuid nor setgid: the file is ours now */
	if (fchmod(fd, entry->st.mode & 0777) < 0 || futimens(fd, times) < 0)
		return dlfm_errnof(x->e, "its mode or date cannot be set");
	return 0;
}

/* Gives the finished file its name. */
static int place_file(const struct extraction *x, const struct place *p, const char *temporary)
{
	int rc = x->o->overwrite ? renameat(p->dir, temporary, p->dir, p->name)
				 : linkat(p->dir, temporary, p->dir, p->name, 0);

	if (rc < 0 && errno == EEXIST)
		return dlfm_errf(x->e, "is there already; --overwrite replaces it");
	return rc < 0 ? dlfm_errnof(x->e, "cannot be placed") : 0;
}

static int extract_file(const struct extraction *x, const struct dlfm_cache_entry *entry,
			const struct place *p)
{
	char temporary[32];
	int fd, rc;

	snprintf(temporary, sizeof(temporary), ".dlfm-%d", (int)getpid());
	fd = openat(p->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return dlfm_errnof(x->e, "cannot be made");
	rc = fill(x, entry, fd);
	if (close(fd) < 0 && rc == 0)
		rc = dlfm_errnof(x->e, "cannot be written");
	if (rc == 0)
		rc = place_file(x, p, temporary);
	unlinkat(p->dir, temporary, 0);
	return rc;
}

static int extract_link(const struct extraction *x, const struct dlfm_cache_entry *entry,
			const struct place *p)
{
	if (x->o->overwrite)
		unlinkat(p->dir, p->name, 0);
	if (symlinkat(entry->target, p->dir, p->name) == 0)
		return 0;
	if (errno == EEXIST)
		return dlfm_errf(x->e, "is there already; --overwrite replaces it");
	return dlfm_errnof(x->e, "the link cannot be made");
}

static int extract_directory(const struct extraction *x, const struct place *p)
{
	int fd = enter(p->dir, p->name);

	if (fd < 0)
		return dlfm_errnof(x->e, "cannot be made");
	close(fd);
	return 0;
}

static int extract_entry(const struct extraction *x, const struct dlfm_cache_entry *entry)
{
	struct place p = {.dir = -1};
	int rc;

	if (reach(x, entry->path, &p) < 0)
		rc = dlfm_errnof(x->e, "its directory cannot be made");
	else if (entry->target)
		rc = extract_link(x, entry, &p);
	else if (entry->content != DLFM_NONE)
		rc = extract_file(x, entry, &p);
	else
		rc = extract_directory(x, &p);
	if (p.dir >= 0)
		close(p.dir);
	return rc < 0 ? dlfm_err_prefix(x->e, "%s", entry->path) : 0;
}

/* Places on the file system itself, each once: other spellings lead there by way of links. */
static int is_wanted(const struct extraction *x, uint32_t i)
{
	const struct dlfm_cache *c = x->f->cache;
	const struct dlfm_cache_entry *entry = &c->entries[i];

	if (i == 0 || !(entry->flags & DLFM_ENTRY_KNOWN) || entry->lerr ||
	    c->entries[entry->parent].canon != entry->parent)
		return 0;
	if (!entry->target && entry->content == DLFM_NONE && !S_ISDIR(entry->st.mode))
		return 0;
	return x->o->patterns->n == 0 || dlfm_patterns_match(x->o->patterns, entry->path);
}

int64_t dlfm_extract(const struct dlfm_cache_file *f, const char *dir,
		     const struct dlfm_extract_options *o, struct dlfm_error *e)
{
	struct extraction x = {.f = f, .o = o, .e = e};
	const struct dlfm_cache *c = f->cache;
	int64_t n = 0;
	uint32_t i;
	int verdict;

	x.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x.root < 0)
		return dlfm_errnof(e, "%s: cannot be opened as a directory", dir);
	for (i = 0; i < c->n_entries; i++) {
		verdict = !is_wanted(&x, i) ? 1 : o->each ? o->each(o->arg, &c->entries[i]) : 0;
		if (verdict > 0)
			continue;
		if (verdict < 0)
			dlfm_errf(e, "interrupted");
		if (verdict < 0 || extract_entry(&x, &c->entries[i]) < 0)
			break;
		n++;
	}
	close(x.root);
	return i < c->n_entries ? dlfm_err_prefix(e, "%s", dir) : n;
}
