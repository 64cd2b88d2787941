/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Code or data? Code is what ld.so maps and what Python's import system asks for, and the modules of other languages
 * (pack-languages.c): files by their kind, directories by what they are named or hold. doc/architecture.md has the rule in words.
 */
#include "config.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-format.h"
#include "cache-tools/elf-file.h"
#include "cache-tools/pack-private.h"

/* A directory that was asked for its state at least so often by one process, and listed, was asked as importlib asks. */
enum { IMPORTLIB_STATS = 3 };

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* "python3", "python3.11", also "python311": a prefix's library directory. */
static int is_python_dir(const char *name, size_t len)
{
	size_t i;

	if (len < 7 || strncmp(name, "python", 6) != 0)
		return 0;
	for (i = 6; i < len; i++)
		if (!isdigit((unsigned char)name[i]) && name[i] != '.' && name[i] != 't')
			return 0;
	return isdigit((unsigned char)name[6]);
}

static int is_component(const char *name, size_t len, const char *what)
{
	return strlen(what) == len && memcmp(name, what, len) == 0;
}

/* A directory that only installations of Python or another language have; name is a component of the path. */
static int is_import_component(const char *path, const char *name, size_t len)
{
	return is_component(name, len, "site-packages") ||
	       is_component(name, len, "dist-packages") || is_component(name, len, "lib-dynload") ||
	       is_component(name, len, "__pycache__") || is_python_dir(name, len) ||
	       dlfm_pack_is_module_dir(path, name, len);
}

int dlfm_pack_is_bytecode(const char *path)
{
	const char *name = name_of(path), *cache = strstr(path, "/__pycache__");

	if (!cache)
		return 0;
	if (strcmp(name, "__pycache__") == 0)
		return 1;
	/* importlib writes x.cpython-311.pyc.<number> and renames it */
	return fnmatch("*.pyc", name, 0) == 0 || fnmatch("*.pyc.[0-9]*", name, 0) == 0;
}

int dlfm_pack_is_import_name(const char *path)
{
	static const char *const files[] = {
		"pyvenv.cfg",	   "pybuilddir.txt",  "python*.zip", "python*._pth", "__init__.*",
		"sitecustomize.*", "usercustomize.*", "Setup.local", "*.pm",	     "*.pmc",
	};
	const char *name = name_of(path), *at = path + 1;
	size_t i, len;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (fnmatch(files[i], name, 0) == 0)
			return 1;
	for (; *at; at += len + (at[len] == '/')) {
		len = strcspn(at, "/");
		if (is_import_component(path, at, len))
			return 1;
	}
	return 0;
}

/* ---- files ---- */

static int has_code_suffix(const struct pack *p, const char *name)
{
	static const char *const suffixes[] = {
		".py", ".pyc", ".pyo", ".pth", ".so", ".egg", ".egg-link", ".egg-info", NULL,
	};
	size_t i;

	for (i = 0; suffixes[i]; i++)
		if (ends_with(name, suffixes[i]))
			return 1;
	for (i = 0; i < p->policy->code_suffixes.n; i++)
		if (ends_with(name, p->policy->code_suffixes.items[i]))
			return 1;
	return dlfm_pack_is_module(name) || strcmp(name, "pyvenv.cfg") == 0 ||
	       fnmatch("*.so.[0-9]*", name, 0) == 0;
}

/* Does an archive's directory, at its end, name a Python module? */
static int zip_has_modules(int fd, uint64_t size)
{
	enum { TAIL = 1 << 16 };
	static const char *const ends[] = {".py", ".pyc"};
	size_t want = size < TAIL ? (size_t)size : TAIL, i;
	char *tail = malloc(want + 1);
	ssize_t n = tail ? dlfm_read_at(fd, tail, want, size - want) : -1;
	int found = 0;

	for (i = 0; n > 0 && i < 2 && !found; i++)
		found = memmem(tail, (size_t)n, ends[i], strlen(ends[i])) != NULL;
	free(tail);
	return found;
}

static int sniff(int fd, const struct dlfm_cache_entry *entry)
{
	struct dlfm_elf elf;
	char magic[4];

	if (dlfm_elf_read(&elf, fd) == 0)
		return elf.type == ET_DYN || elf.type == ET_EXEC;
	if (dlfm_read_at(fd, magic, sizeof(magic), 0) != sizeof(magic))
		return 0;
	if (memcmp(magic, "#!", 2) == 0)
		return 1;
	return memcmp(magic, "PK\3\4", 4) == 0 && zip_has_modules(fd, entry->st.size);
}

static int look_inside(struct pack *p, uint32_t i)
{
	int fd = dlfm_pack_open(p, i, O_RDONLY), is_code;

	if (fd < 0)
		return 0;
	is_code = sniff(fd, &p->cache->entries[i]);
	close(fd);
	return is_code;
}

/* ".../x.dist-info/METADATA" */
static int in_metadata(const char *path)
{
	const char *dist = strstr(path, ".dist-info/"), *egg = strstr(path, ".egg-info/");

	return dist || egg || strstr(path, "/EGG-INFO/");
}

int dlfm_pack_is_code(struct pack *p, uint32_t i)
{
	const struct dlfm_cache_entry *entry = &p->cache->entries[i];
	struct note *n = &p->notes[i];
	int is_code;

	if (n->flags & (NOTE_CODE | NOTE_NOT_CODE))
		return (n->flags & NOTE_CODE) != 0;
	is_code = (n->flags & (NOTE_OBJECT | NOTE_TRY | NOTE_MAIN)) ||
		  has_code_suffix(p, name_of(entry->path)) || in_metadata(entry->path) ||
		  ((n->ops & (DLFM_OP_OPEN | DLFM_OP_EXEC)) && look_inside(p, i));
	n->flags |= is_code ? NOTE_CODE : NOTE_NOT_CODE;
	return is_code;
}

/* ---- directories ---- */

static int exists(const struct pack *p, const char *dir, const char *name)
{
	char path[DLFM_CACHE_MAX_PATH + 1];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	uint32_t i;

	if (n < 0 || (size_t)n >= sizeof(path))
		return 0;
	i = dlfm_cache_find(p->cache, path, (size_t)n);
	return i != DLFM_NONE && (p->notes[i].flags & NOTE_LOOKED) && p->cache->entries[i].err == 0;
}

/* A package, as far as the run looked. */
static int is_package(const struct pack *p, const char *dir)
{
	size_t i;

	for (i = 0; dlfm_pack_package_files[i]; i++)
		if (exists(p, dir, dlfm_pack_package_files[i]))
			return 1;
	return 0;
}

static int is_named_so(const char *path)
{
	const char *name = name_of(path);

	return is_import_component(path, name, strlen(name)) || ends_with(name, ".dist-info") ||
	       ends_with(name, ".egg-info") || ends_with(name, ".egg");
}

static int is_package_dir(int dirfd, const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "%.255s/__init__.py", name);
	return faccessat(dirfd, path, F_OK, 0) == 0;
}

/* Does a directory hold code, or nothing at all? 1 code, 0 neither, -1 it is empty. */
static int what_it_holds(const char *path)
{
	enum { MAX_PACKAGES = 64 };
	DIR *dir = opendir(path);
	int code = 0, names = 0, tried = 0;
	struct dirent *d;

	while (dir && !code && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		names++;
		code = ends_with(d->d_name, ".py") || ends_with(d->d_name, ".pyc") ||
		       ends_with(d->d_name, ".so") || ends_with(d->d_name, ".pth") ||
		       is_named_so(path);
		if (!code &&
		    (d->d_type == DT_DIR || d->d_type == DT_UNKNOWN || d->d_type == DT_LNK) &&
		    tried++ < MAX_PACKAGES)
			code = is_package_dir(dirfd(dir), d->d_name);
	}
	if (dir)
		closedir(dir);
	return code ? 1 : names ? 0 : -1;
}

/* A directory on the search path, with nothing in its name: it was listed, and holds modules or was asked as importlib
 * asks. One above a live directory may get other names at any time. */
static int is_search_path(const struct pack *p, uint32_t i)
{
	const struct note *n = &p->notes[i];
	int holds;

	if (!(n->ops & DLFM_OP_LIST) || (n->flags & NOTE_ABOVE_LIVE))
		return 0;
	holds = what_it_holds(p->cache->entries[i].path);
	return holds > 0 || (holds < 0 && n->stats >= IMPORTLIB_STATS);
}

/* The nearest ancestor that is an installation or a package, if any: all below it is its own. */
static int is_below_package(const struct pack *p, uint32_t i)
{
	while (i != 0) {
		i = p->cache->entries[i].parent;
		if (is_named_so(p->cache->entries[i].path) ||
		    is_package(p, p->cache->entries[i].path))
			return 1;
	}
	return 0;
}

int dlfm_pack_is_import_dir(struct pack *p, uint32_t i)
{
	const char *path = p->cache->entries[i].path;
	struct note *n = &p->notes[i];
	int is;

	if (n->flags & (NOTE_IMPORT_DIR | NOTE_NOT_IMPORT_DIR))
		return (n->flags & NOTE_IMPORT_DIR) != 0;
	is = pack_is_dir(p, i) && i != 0 &&
	     (is_named_so(path) || is_package(p, path) || is_below_package(p, i) ||
	      is_search_path(p, i));
	n->flags |= is ? NOTE_IMPORT_DIR : NOTE_NOT_IMPORT_DIR;
	return is;
}
