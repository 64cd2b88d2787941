/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mkcache: packs directory trees into a cache.dat without a recorded run, for tests of staging.
 * Everything below each PREFIX is recorded as it is: contents of regular files, links, listings.
 */
#include "config.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-write.h"

static struct dlfm_cache *cache;
static char **prefixes; /* NULL-terminated */

static uint32_t add(const char *path);

static struct dlfm_image_time time_of(struct timespec t)
{
	return (struct dlfm_image_time){.sec = t.tv_sec, .nsec = t.tv_nsec};
}

static void set_stat(struct dlfm_image_stat *to, const struct stat *st)
{
	*to = (struct dlfm_image_stat){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.rdev = st->st_rdev,
		.size = st->st_size,
		.blocks = st->st_blocks,
		.mode = st->st_mode,
		.nlink = st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.blksize = st->st_blksize,
		.access = R_OK | (st->st_mode & S_IXUSR ? X_OK : 0),
		.atime = time_of(st->st_atim),
		.mtime = time_of(st->st_mtim),
		.ctime = time_of(st->st_ctim),
	};
}

static void *check(const void *p)
{
	if (!p)
		err(1, "no memory");
	return (void *)p;
}

static void set_names(uint32_t i, const struct dlfm_cache_name *from, uint32_t n)
{
	struct dlfm_cache_name *names = check(dlfm_cache_alloc(cache, (n + 1) * sizeof(*names)));

	if (n)
		memcpy(names, from, n * sizeof(*names));
	cache->entries[i].names = names;
	cache->entries[i].n_names = n;
	cache->entries[i].flags |= DLFM_ENTRY_LISTED;
}

static void walk(uint32_t dir)
{
	struct dlfm_cache_name *names = NULL;
	DIR *d = opendir(cache->entries[dir].path);
	uint32_t n = 0, i;
	struct dirent *de;
	char *path;

	while (d && (de = readdir(d))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		names = check(realloc(names, (n + 1) * sizeof(*names)));
		names[n++] = (struct dlfm_cache_name){
			.name = check(dlfm_cache_text(cache, de->d_name, strlen(de->d_name))),
			.ino = de->d_ino,
			.type = de->d_type,
			.len = strlen(de->d_name),
		};
	}
	if (d)
		closedir(d);
	set_names(dir, names, n);
	for (i = 0; i < n; i++) {
		if (asprintf(&path, "%s/%s", cache->entries[dir].path, names[i].name) < 0)
			err(1, "no memory");
		add(path);
		free(path);
	}
	free(names);
}

/* Below a PREFIX? What a link leads to elsewhere is known, no more. */
static int is_wanted(const char *path)
{
	size_t len;
	char **p;

	for (p = prefixes; *p; p++) {
		len = strlen(*p);
		if (strncmp(path, *p, len) == 0 && (path[len] == '\0' || path[len] == '/'))
			return 1;
	}
	return 0;
}

/* The same name in the real directory, if there is one. */
static void look_absent(uint32_t i)
{
	char *dir = check(strdup(cache->entries[i].path)), *slash = strrchr(dir, '/'), *real, *path;
	uint32_t canon;

	*slash = '\0';
	real = realpath(*dir ? dir : "/", NULL);
	if (real && asprintf(&path, "%s/%s", real[1] ? real : "", slash + 1) > 0) {
		canon = strcmp(path, cache->entries[i].path) == 0 ? i : add(path);
		cache->entries[i].canon = canon;
		free(path);
	}
	free(real);
	free(dir);
}

static void look(uint32_t i)
{
	const char *path = cache->entries[i].path;
	char target[PATH_MAX] = "", *real;
	struct stat st;
	uint32_t canon;

	cache->entries[i].flags |= DLFM_ENTRY_KNOWN;
	if (lstat(path, &st) < 0) {
		cache->entries[i].lerr = cache->entries[i].err = errno;
		look_absent(i);
		return;
	}
	set_stat(&cache->entries[i].st, &st);
	if (S_ISLNK(st.st_mode) && readlink(path, target, sizeof(target) - 1) > 0)
		cache->entries[i].target = check(dlfm_cache_text(cache, target, strlen(target)));
	real = realpath(path, NULL);
	if (!real) {
		cache->entries[i].err = errno;
		return;
	}
	canon = strcmp(real, path) == 0 ? i : add(real);
	cache->entries[i].canon = canon;
	free(real);
	if (canon == i && S_ISDIR(st.st_mode) && is_wanted(path))
		walk(i);
}

/* Holds a PREFIX, or lies below one. */
static int is_near(const char *path)
{
	size_t len = strlen(path);
	char **p;

	for (p = prefixes; *p; p++)
		if (strncmp(*p, path, len) == 0 && strrchr(*p, '/') == *p + len)
			return 1;
	return is_wanted(path);
}

static void look_at_ancestor(uint32_t i)
{
	const char *path = cache->entries[i].path;
	struct stat st;

	cache->entries[i].canon = i;
	if (!is_near(path))
		return;
	cache->entries[i].flags |= DLFM_ENTRY_KNOWN;
	if (lstat(path, &st) < 0) {
		cache->entries[i].lerr = cache->entries[i].err = errno;
		look_absent(i);
	} else {
		set_stat(&cache->entries[i].st, &st);
	}
}

/* A directory that holds a PREFIX is known, but not listed; those above only tie the others together. */
static void look_above(const char *path)
{
	char *above = check(strdup(path)), *slash = strrchr(above, '/');
	uint32_t i;

	slash[slash == above] = '\0';
	i = dlfm_cache_find(cache, above, strlen(above));
	if (i == DLFM_NONE || (!cache->entries[i].flags && cache->entries[i].canon != i)) {
		if (strcmp(above, "/") != 0)
			look_above(above);
		i = dlfm_cache_add(cache, above, strlen(above));
		if (i == DLFM_NONE)
			err(1, "no memory");
		look_at_ancestor(i);
	}
	free(above);
}

/* An absolute path; what is above it should hold no link. */
static uint32_t add(const char *path)
{
	uint32_t i = dlfm_cache_find(cache, path, strlen(path));

	if (i != DLFM_NONE && cache->entries[i].flags)
		return i;
	look_above(path);
	i = dlfm_cache_add(cache, path, strlen(path));
	if (i == DLFM_NONE)
		err(1, "no memory");
	look(i);
	return i;
}

/* ---- contents ---- */

static uint32_t *files; /* entries */
static size_t n_files;

static int open_file(void *arg, size_t i, uint64_t *size)
{
	const struct dlfm_cache_entry *entry = &cache->entries[files[i]];

	(void)arg;
	*size = entry->st.size;
	return open(entry->path, O_RDONLY | O_CLOEXEC);
}

static int check_file(void *arg, size_t i, int fd)
{
	(void)arg, (void)i, (void)fd;
	return 1;
}

static void file_done(void *arg, size_t i, uint32_t content)
{
	(void)arg;
	cache->entries[files[i]].content = content;
}

static void collect_files(void)
{
	const struct dlfm_cache_entry *entry;
	uint32_t i;

	files = check(calloc(cache->n_entries, sizeof(*files)));
	for (i = 0; i < cache->n_entries; i++) {
		entry = &cache->entries[i];
		if (entry->canon == i && entry->lerr == 0 && S_ISREG(entry->st.mode) &&
		    is_wanted(entry->path))
			files[n_files++] = i;
	}
}

int main(int argc, char **argv)
{
	const struct dlfm_content_source source = {
		.open = open_file, .check = check_file, .done = file_done};
	struct dlfm_cache_writer *w;
	struct dlfm_error e;
	int i;

	if (argc < 3 || argv[1][0] == '-')
		errx(2, "usage: mkcache CACHE PREFIX...");
	cache = check(dlfm_cache_new());
	prefixes = argv + 2;
	for (i = 2; i < argc; i++)
		add(argv[i]);
	cache->packer_uid = getuid();
	cache->scope = 2;
	collect_files();
	if (dlfm_writer_open(&w, argv[1], &e) < 0 ||
	    dlfm_writer_add(w, cache, &source, n_files, 2, &e) < 0 ||
	    dlfm_writer_finish(w, cache, &e) < 0)
		errx(1, "%s", e.text);
	dlfm_cache_free(cache);
	free(files);
	return 0;
}
