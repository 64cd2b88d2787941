/* SPDX-License-Identifier: BSD-3-Clause */
/* A small cache for unit tests. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-write.h"

#include "tests/unit/cache-fixture.h"

char small_dir[] = "/tmp/dlfm-unit-cache.XXXXXX";
char small_name[64];

const char *const small_files[N_FILES] = {"/sw/lib/a", "/sw/lib/b", "/sw/lib/big", "/sw/lib/empty"};
const size_t small_sizes[N_FILES] = {100, 100, 9u << 20, 0};

char *file_bytes(size_t i)
{
	char *bytes = malloc(small_sizes[i] + 1);
	size_t j;

	for (j = 0; j < small_sizes[i]; j++)
		bytes[j] = (char)(i < 2 ? 'x' : (j * 2654435761u) >> 13);
	return bytes;
}

static int open_file(void *arg, size_t i, uint64_t *size)
{
	char name[] = "/tmp/dlfm-unit-file.XXXXXX", *bytes = file_bytes(i);
	int fd = mkstemp(name);

	(void)arg;
	unlink(name);
	assert_int_equal(write(fd, bytes, small_sizes[i]), small_sizes[i]);
	free(bytes);
	*size = small_sizes[i];
	return fd;
}

static int check_file(void *arg, size_t i, int fd)
{
	(void)arg;
	(void)i;
	(void)fd;
	return 1;
}

static uint32_t add(struct dlfm_cache *c, const char *path, mode_t mode)
{
	uint32_t i = dlfm_cache_add(c, path, strlen(path));

	assert_int_not_equal(i, DLFM_NONE);
	c->entries[i].canon = i;
	c->entries[i].flags |= DLFM_ENTRY_KNOWN;
	c->entries[i].st.mode = mode;
	return i;
}

static void set_content(void *arg, size_t i, uint32_t content)
{
	struct dlfm_cache *c = arg;
	uint32_t entry = add(c, small_files[i], S_IFREG | 0644);

	c->entries[entry].content = content;
	c->entries[entry].st.size = small_sizes[i];
	c->entries[entry].st.mtime.nsec = 17;
}

struct dlfm_cache *small_cache(void)
{
	static const char *const guards[] = {"/lib/a.so", "/usr/lib/a.so"};
	struct dlfm_cache *c = dlfm_cache_new();
	struct dlfm_cache_table t = {.fingerprint = 5, .hwcaps = 3, .program = "/sw/bin/python"};
	struct dlfm_cache_resolution r = {.requester = "/sw/bin/python",
					  .name = "a.so",
					  .answer = "/sw/bin/../lib/a",
					  .n_guards = 2,
					  .guards = guards};
	struct dlfm_cache_name *names = dlfm_cache_alloc(c, 2 * sizeof(*names));
	uint32_t i, lib;

	add(c, "/", S_IFDIR | 0755);
	add(c, "/sw", S_IFDIR | 0755);
	lib = add(c, "/sw/lib", S_IFDIR | 0755);
	c->entries[lib].flags |= DLFM_ENTRY_LISTED | DLFM_ENTRY_LIBDIR;
	names[0] = (struct dlfm_cache_name){.name = "b", .len = 1, .ino = 9, .type = 8};
	names[1] = (struct dlfm_cache_name){.name = "a", .len = 1, .ino = 8, .type = 8};
	c->entries[lib].names = names;
	c->entries[lib].n_names = 2;
	i = add(c, "/sw/lib/none", 0);
	c->entries[i].lerr = c->entries[i].err = ENOENT;
	i = add(c, "/sw/link", S_IFLNK | 0777);
	c->entries[i].target = "lib";
	c->entries[i].canon = lib;
	assert_int_equal(dlfm_cache_add_table(c, &t), 0);
	assert_int_equal(dlfm_cache_add_resolution(c, &r), 0);
	c->static_tls = 4096;
	c->packer_uid = 1000;
	c->scope = 2;
	c->provenance = "{\"a\": 1}";
	return c;
}

void write_small(const char *name, unsigned threads)
{
	struct dlfm_cache *c = small_cache();
	struct dlfm_content_source source = {
		.open = open_file, .check = check_file, .done = set_content, .arg = c};
	struct dlfm_cache_writer *w;
	struct dlfm_error e = {""};

	assert_int_equal(dlfm_writer_open(&w, name, &e), 0);
	if (dlfm_writer_add(w, c, &source, N_FILES, threads, &e) < 0 ||
	    dlfm_writer_finish(w, c, &e) < 0)
		fail_msg("%s", e.text);
	dlfm_cache_free(c);
}

int set_up_small(void **state)
{
	(void)state;
	if (!mkdtemp(small_dir))
		return -1;
	snprintf(small_name, sizeof(small_name), "%s/cache.dat", small_dir);
	return 0;
}

int tear_down_small(void **state)
{
	(void)state;
	unlink(small_name);
	return rmdir(small_dir);
}
