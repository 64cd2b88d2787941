/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mkimage: turns directory trees into a node image, for tests of the injected objects that need no
 * pack and no cache. Everything below each PREFIX is recorded as it is: regular files are staged,
 * links mirrored, directories listed.
 */
#include "config.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdlfm/image-write.h"

static const char usage[] =
	"usage: mkimage [options] IMAGE PREFIX...   (IMAGE must not exist; absolute real paths)\n"
	"  -a PATH     PATH does not exist (its directory is known)\n"
	"  -p PATH     one more path or spelling of one, as it is in the file system now\n"
	"  -u PREFIX   below PREFIX nothing is staged: stat and listings only\n"
	"  -l DIR      copies dlfm-audit.so and libdlfm.so from DIR\n"
	"  -L DIR      ld.so searched DIR\n"
	"  -t HEX      a search environment with this fingerprint; -r after it belong to it\n"
	"  -r 'REQUESTER NAME ANSWER [GUARD...]'   a resolution (no spaces in paths)\n"
	"  -T BYTES    static TLS that start-up objects need\n";

/* A growing array. */
#define PUSH(array, n)                                                                             \
	(array = more(array, n, sizeof(*array)), memset(&array[n], 0, sizeof(*array)), &array[n++])

static struct dlfm_image_in_entry *entries;
static struct dlfm_image_in_name *names;
static struct dlfm_image_in_resolution *resolutions;
static struct dlfm_image_text *guards;
static uint64_t *fingerprints;
static size_t n_entries, n_names, n_resolutions, n_guards, n_tables;
static const char *root;

static void *more(void *array, size_t n, size_t element)
{
	if (n & (n - 1))
		return array;
	array = realloc(array, (n ? 2 * n : 1) * element);
	if (!array)
		err(1, "no memory");
	return array;
}

static char *concat(const char *a, const char *b, const char *c)
{
	char *s;

	if (asprintf(&s, "%s%s%s", a, b, c) < 0)
		err(1, "no memory");
	return s;
}

static char *copy_of(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		err(1, "no memory");
	return copy;
}

static struct dlfm_image_text text(const char *s)
{
	return (struct dlfm_image_text){s, strlen(s)};
}

static uint32_t find(const char *path)
{
	size_t i;

	for (i = 0; i < n_entries; i++)
		if (strcmp(entries[i].path.at, path) == 0)
			return i;
	return DLFM_NONE;
}

/* ---- one path ---- */

static struct dlfm_image_time time_of(struct timespec t)
{
	return (struct dlfm_image_time){.sec = t.tv_sec, .nsec = t.tv_nsec};
}

static unsigned access_of(const char *path)
{
	return (access(path, R_OK) == 0 ? R_OK : 0) | (access(path, W_OK) == 0 ? W_OK : 0) |
	       (access(path, X_OK) == 0 ? X_OK : 0);
}

static void set_stat(struct dlfm_image_stat *to, const struct stat *st, const char *path)
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
		.access = access_of(path),
		.atime = time_of(st->st_atim),
		.mtime = time_of(st->st_mtim),
		.ctime = time_of(st->st_ctim),
	};
}

static void make_parents(char *staged)
{
	char *slash;

	for (slash = staged + strlen(root); (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(staged, 0700) < 0 && errno != EEXIST)
			err(1, "%s", staged);
		*slash = '/';
	}
}

static void copy(const char *from, const char *to, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
	off_t left = st->st_size;
	ssize_t n;

	if (in < 0 || out < 0)
		err(1, "%s", in < 0 ? from : to);
	for (; left; left -= n) {
		n = sendfile(out, in, NULL, left);
		if (n <= 0)
			err(1, "%s", from);
	}
	if (fchmod(out, st->st_mode & 01777) < 0 || futimens(out, times) < 0)
		err(1, "%s", to);
	close(in);
	close(out);
}

/* Copies a file or mirrors a link, unless it is there; sets the staged inode of a file. */
static void stage(struct dlfm_image_in_entry *e, const struct stat *st)
{
	char *staged = concat(root, e->path.at, "");
	struct stat now;

	make_parents(staged);
	if (S_ISLNK(st->st_mode)) {
		char *target = concat(e->target.at[0] == '/' ? root : "", e->target.at, "");

		if (symlink(target, staged) < 0 && errno != EEXIST)
			err(1, "%s", staged);
		free(target);
	} else {
		copy(e->path.at, staged, st);
		if (stat(staged, &now) < 0)
			err(1, "%s", staged);
		e->st.dev = now.st_dev;
		e->st.ino = now.st_ino;
	}
	free(staged);
}

static uint32_t add(const char *path, int staging);

/* Lists a directory; the entry is found by its index, since entries move. */
static void list(uint32_t dir)
{
	DIR *d = opendir(entries[dir].path.at);
	struct dlfm_image_in_name *name;
	struct dirent *de;

	if (!d)
		return;
	entries[dir].flags |= DLFM_ENTRY_LISTED;
	entries[dir].first_name = n_names;
	while ((de = readdir(d))) {
		if (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0)
			continue;
		name = PUSH(names, n_names);
		name->name = text(copy_of(de->d_name));
		name->ino = de->d_ino;
		name->type = de->d_type;
	}
	entries[dir].n_names = n_names - entries[dir].first_name;
	closedir(d);
}

static void walk(uint32_t dir, int staging)
{
	uint32_t i;

	list(dir);
	for (i = entries[dir].first_name; i < entries[dir].first_name + entries[dir].n_names; i++) {
		const char *p = entries[dir].path.at;

		add(concat(strcmp(p, "/") ? p : "", "/", names[i].name.at), staging);
	}
}

/*
 * Adds every link through which a path leads, where it really lies: `done` is a real directory, `rest` what is still
 * to be walked from there. Returns where that ends.
 */
static char *walk_links(char *done, const char *rest, int staging, int depth)
{
	char target[PATH_MAX], *name, *here;
	size_t len;
	ssize_t n;

	if (*rest == '/')
		done = copy_of("");
	while (depth < 40 && *(rest += strspn(rest, "/"))) {
		len = strcspn(rest, "/");
		name = copy_of(rest);
		name[len] = '\0';
		rest += len;
		here = strcmp(name, ".") == 0 ? done : concat(done, "/", name);
		if (strcmp(name, "..") == 0) {
			here = copy_of(done);
			if (strrchr(here, '/'))
				*strrchr(here, '/') = '\0';
		}
		n = readlink(here, target, sizeof(target) - 1);
		if (n > 0) {
			target[n] = '\0';
			add(here, staging);
			here = walk_links(done, target, staging, depth + 1);
		}
		done = here;
	}
	return done;
}

/* What a link, or a path through one, comes to. */
static void follow(uint32_t i, int staging)
{
	char *real = realpath(entries[i].path.at, NULL);
	uint32_t canon;

	if (!real) {
		entries[i].err = errno;
		entries[i].canon = DLFM_NONE;
		return;
	}
	if (strcmp(real, entries[i].path.at) != 0)
		walk_links(copy_of(""), entries[i].path.at, staging, 0);
	canon = strcmp(real, entries[i].path.at) == 0 ? i : add(real, staging);
	entries[i].canon = canon; /* entries may have moved */
	entries[i].flags |= entries[canon].flags & DLFM_ENTRY_STAGED;
}

/* The same name in the real directory; NULL if there is no such directory. */
static char *in_real_directory(const char *path)
{
	char *dir = copy_of(path), *slash = strrchr(dir, '/'), *real;

	*slash = '\0';
	real = realpath(*dir ? dir : "/", NULL);
	return real ? concat(strcmp(real, "/") ? real : "", "/", slash + 1) : NULL;
}

/* An absent name's twin. */
static void follow_absent(uint32_t i, int staging)
{
	char *path = in_real_directory(entries[i].path.at);
	uint32_t canon = i;

	entries[i].canon = DLFM_NONE;
	if (!path)
		return;
	if (strcmp(path, entries[i].path.at) != 0) {
		walk_links(copy_of(""), entries[i].path.at, staging, 0);
		canon = add(path, staging);
	}
	entries[i].canon = canon;
}

/* A link is mirrored, and its change is seen, where it really lies. */
static int is_elsewhere(uint32_t i, int staging)
{
	char *path = in_real_directory(entries[i].path.at);

	if (!path || strcmp(path, entries[i].path.at) == 0)
		return 0;
	add(path, staging);
	return 1;
}

static void look(uint32_t i, int staging)
{
	const char *path = entries[i].path.at;
	char target[PATH_MAX] = "";
	struct stat st;

	entries[i].flags |= DLFM_ENTRY_KNOWN;
	if (lstat(path, &st) < 0) {
		entries[i].lerr = entries[i].err = errno;
		follow_absent(i, staging);
		return;
	}
	set_stat(&entries[i].st, &st, path);
	if (S_ISLNK(st.st_mode) && readlink(path, target, sizeof(target) - 1) > 0)
		entries[i].target = text(copy_of(target));
	follow(i, staging);
	if (entries[i].canon != i && !S_ISLNK(st.st_mode)) {
		/* one more spelling */
		entries[i].st = entries[entries[i].canon].st;
	} else if (S_ISLNK(st.st_mode) && is_elsewhere(i, staging)) {
		return;
	} else if (staging && (S_ISLNK(st.st_mode) || S_ISREG(st.st_mode))) {
		stage(&entries[i], &st);
		if (S_ISREG(st.st_mode))
			entries[i].flags |= DLFM_ENTRY_STAGED;
	} else if (S_ISDIR(st.st_mode)) {
		walk(i, staging);
	}
}

static uint32_t add(const char *path, int staging)
{
	uint32_t i = find(path);
	struct dlfm_image_in_entry *e;

	if (i != DLFM_NONE)
		return i;
	e = PUSH(entries, n_entries);
	i = n_entries - 1;
	e->path = text(copy_of(path));
	look(i, staging);
	return i;
}

/* ---- the rest ---- */

static void add_resolution(char *line)
{
	char *requester = strtok(line, " "), *name = strtok(NULL, " "), *answer = strtok(NULL, " ");
	struct dlfm_image_in_resolution *r = PUSH(resolutions, n_resolutions);
	uint32_t i;
	char *g;

	if (!answer)
		errx(1, "-r needs a requester, a name and an answer");
	if (n_tables == 0)
		errx(1, "-r needs a -t before it");
	i = find(answer);
	r->table = n_tables - 1;
	r->requester = text(requester);
	r->name = text(name);
	r->answer = text(answer);
	r->flags = i == DLFM_NONE ? 0 : entries[i].flags & DLFM_ENTRY_STAGED;
	r->first_guard = n_guards;
	while ((g = strtok(NULL, " "))) {
		*PUSH(guards, n_guards) = text(g);
		r->n_guards++;
	}
}

static void mark_searched(const char *dir)
{
	uint32_t i = add(dir, 1);
	char *above = copy_of(dir), *slash;

	entries[i].flags |= DLFM_ENTRY_LIBDIR;
	while ((slash = strrchr(above, '/')) && slash > above) {
		*slash = '\0';
		i = find(above);
		if (i != DLFM_NONE)
			entries[i].flags |= DLFM_ENTRY_LIBDIR_ABOVE;
	}
	free(above);
}

static void copy_objects(const char *image, const char *from)
{
	static const char *const objects[] = {"/dlfm-audit.so", "/libdlfm.so"};
	struct stat st;
	size_t i;

	for (i = 0; i < 2; i++) {
		char *in = concat(from, objects[i], ""), *out = concat(image, "/lib", objects[i]);

		if (stat(in, &st) == 0)
			copy(in, out, &st);
		else
			warn("%s", in);
	}
}

/* Directories above what was added: only where they lead is known. */
static void add_above(const char *path)
{
	char *dir = copy_of(path), *slash = strrchr(dir, '/'), *real;
	struct dlfm_image_in_entry *e;

	if (slash == dir)
		return;
	*slash = '\0';
	if (find(dir) != DLFM_NONE)
		return;
	real = realpath(dir, NULL);
	if (real && strcmp(real, dir) != 0) {
		add(dir, 0);
		return;
	}
	e = PUSH(entries, n_entries);
	e->path = text(dir);
	e->canon = real ? (uint32_t)(n_entries - 1) : DLFM_NONE;
	e->st.mode = real ? S_IFDIR | 0755 : 0;
}

static void write_index(const char *image, uint64_t static_tls)
{
	struct dlfm_image_in in = {
		.cache_id = "made by mkimage",
		.packer_uid = getuid(),
		.static_tls = static_tls,
		.entries = entries,
		.names = names,
		.fingerprints = fingerprints,
		.resolutions = resolutions,
		.guards = guards,
		.n_entries = n_entries,
		.n_names = n_names,
		.n_tables = n_tables,
		.n_resolutions = n_resolutions,
		.n_guards = n_guards,
	};
	int dir = open(image, O_RDONLY | O_DIRECTORY);

	if (dir < 0 || dlfm_image_write_files(dir, &in, root) < 0)
		err(1, "%s", image);
}

static void make_directories(const char *image)
{
	char *lib = concat(image, "/lib", "");

	root = concat(image, "/root", "");
	if (image[0] != '/')
		errx(1, "%s is not absolute", image);
	if (mkdir(image, 0700) < 0 || mkdir(root, 0700) < 0 || mkdir(lib, 0700) < 0)
		err(1, "%s", image);
}

int main(int argc, char **argv)
{
	static const char options[] = "+a:p:u:l:L:t:r:T:h";
	uint64_t static_tls = 0;
	size_t n;
	int c, i;

	while ((c = getopt(argc, argv, options)) != -1)
		if (c == '?' || c == 'h')
			errx(2, "%s", usage);
	if (argc - optind < 1)
		errx(2, "%s", usage);
	make_directories(argv[optind]);
	for (i = optind + 1; i < argc; i++)
		add(argv[i], 1);
	argc = optind + 1;
	optind = 1;
	while ((c = getopt(argc, argv, options)) != -1) {
		switch (c) {
		case 'a':
		case 'p':
			add(optarg, 1);
			break;
		case 'u':
			add(optarg, 0);
			break;
		case 'l':
			copy_objects(argv[argc - 1], optarg);
			break;
		case 'L':
			mark_searched(optarg);
			break;
		case 't':
			*PUSH(fingerprints, n_tables) = strtoull(optarg, NULL, 16);
			break;
		case 'r':
			add_resolution(optarg);
			break;
		case 'T':
			static_tls = strtoull(optarg, NULL, 0);
			break;
		}
	}
	for (n = 0; n < n_entries; n++) /* also those that this adds */
		add_above(entries[n].path.at);
	write_index(argv[argc - 1], static_tls);
	return 0;
}
