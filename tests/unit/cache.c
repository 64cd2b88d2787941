/* SPDX-License-Identifier: BSD-3-Clause */
/* cache.dat: what is written is read again; damage is found; nothing is left on failure. */
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
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-write.h"

#include "tests/unit/cache-fixture.h"

static char *slurp(const char *name, size_t *size)
{
	int fd = open(name, O_RDONLY);
	struct stat st;
	char *bytes;

	assert_true(fd >= 0);
	fstat(fd, &st);
	*size = (size_t)st.st_size;
	bytes = malloc(*size + 1);
	assert_int_equal(read(fd, bytes, *size), *size);
	close(fd);
	return bytes;
}

struct collected {
	char *bytes;
	size_t size;
};

static int collect(void *arg, const void *data, size_t size, struct dlfm_error *e)
{
	struct collected *all = arg;

	(void)e;
	all->bytes = realloc(all->bytes, all->size + size + 1);
	memcpy(all->bytes + all->size, data, size);
	all->size += size;
	return 0;
}

static void check_entries(const struct dlfm_cache *c)
{
	const struct dlfm_cache_entry *lib = &c->entries[dlfm_cache_find(c, "/sw/lib", 7)];
	const struct dlfm_cache_entry *link = &c->entries[dlfm_cache_find(c, "/sw/link", 8)];
	const struct dlfm_cache_entry *none = &c->entries[dlfm_cache_find(c, "/sw/lib/none", 12)];

	assert_int_equal(c->n_entries, 9);
	assert_string_equal(c->entries[0].path, "/");
	assert_int_equal(lib->n_names, 2);
	assert_string_equal(lib->names[0].name, "b");
	assert_int_equal(lib->names[1].ino, 8);
	assert_int_equal(lib->flags, DLFM_ENTRY_KNOWN | DLFM_ENTRY_LISTED | DLFM_ENTRY_LIBDIR);
	assert_string_equal(link->target, "lib");
	assert_string_equal(c->entries[link->canon].path, "/sw/lib");
	assert_int_equal(none->err, ENOENT);
	assert_int_equal(dlfm_cache_find(c, "/sw/li", 6), DLFM_NONE);
}

static void round_trip(void **state)
{
	struct dlfm_cache_file f;
	struct dlfm_error e = {""};
	const struct dlfm_cache *c;
	size_t i;

	(void)state;
	write_small(small_name, 0);
	if (dlfm_cache_open(&f, small_name, &e) < 0)
		fail_msg("%s", e.text);
	c = f.cache;
	check_entries(c);
	assert_int_equal(c->static_tls, 4096);
	assert_int_equal(c->n_contents, 3);
	assert_int_equal(c->header.n_files, 4);
	assert_string_equal(c->resolutions[0].guards[1], "/usr/lib/a.so");
	assert_null(c->tables[0].ld_library_path);
	assert_string_equal(c->provenance, "{\"a\": 1}");
	for (i = 0; i < N_FILES; i++) {
		uint32_t entry = dlfm_cache_find(c, small_files[i], strlen(small_files[i]));
		struct collected all = {NULL, 0};
		char *want = file_bytes(i);

		assert_int_equal(c->entries[entry].st.mtime.nsec, 17);
		assert_int_equal(
			dlfm_cache_read_content(&f, c->entries[entry].content, collect, &all, &e),
			0);
		assert_int_equal(all.size, small_sizes[i]);
		if (all.size)
			assert_memory_equal(all.bytes, want, small_sizes[i]);
		free(want);
		free(all.bytes);
	}
	dlfm_cache_close(&f);
}

static void threads_do_not_matter(void **state)
{
	size_t size[2];
	char *bytes[2];

	(void)state;
	write_small(small_name, 1);
	bytes[0] = slurp(small_name, &size[0]);
	write_small(small_name, 4);
	bytes[1] = slurp(small_name, &size[1]);
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(bytes[0] + 256, bytes[1] + 256, size[0] - 256); /* all but the date */
	free(bytes[0]);
	free(bytes[1]);
}

static int opens(const char *bytes, size_t size, struct dlfm_error *e)
{
	struct dlfm_cache_file f;
	int fd = open(small_name, O_WRONLY | O_CREAT | O_TRUNC, 0600), rc = 0;
	uint32_t i;

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	e->text[0] = 0;
	if (dlfm_cache_open(&f, small_name, e) < 0)
		return -1;
	for (i = 0; i < f.cache->n_contents && rc == 0; i++)
		rc = dlfm_cache_read_content(&f, i, NULL, NULL, e);
	dlfm_cache_close(&f);
	return rc;
}

/* zstd ignores a few bits of its frames: what is decompressed, and its digest, stay right. */
static void damage_is_found(void **state)
{
	struct dlfm_error e;
	size_t size, i, harmless = 0;
	char *bytes;

	(void)state;
	write_small(small_name, 0);
	bytes = slurp(small_name, &size);
	assert_int_equal(opens(bytes, size, &e), 0);

	assert_true(harmless * 100 < size);
	for (i = 0; i < size; i += i < 3000 ? 1 : size / 40) {
		bytes[i] ^= 1 << i % 8;
		if (opens(bytes, size, &e) == 0)
			harmless++;
		else
			assert_non_null(strstr(e.text, small_name));
		bytes[i] ^= 1 << i % 8;
	}

	assert_true(harmless * 100 < size);
	for (i = 0; i < size; i += i < 300 ? 1 : size / 40)
		if (opens(bytes, i, &e) == 0)
			fail_msg("cut off at byte %zu, and nobody noticed", i);
	free(bytes);
}

static void nothing_is_left_on_failure(void **state)
{
	struct dlfm_cache *c = small_cache();
	struct dlfm_cache_writer *w;
	struct dlfm_error e = {""};
	char name[128];

	(void)state;
	snprintf(name, sizeof(name), "%s/fresh.dat", small_dir);
	c->entries[1].err = -5; /* not valid */
	assert_int_equal(dlfm_writer_open(&w, name, &e), 0);
	assert_int_equal(dlfm_writer_finish(w, c, &e), -1);
	assert_int_equal(access(name, F_OK), -1);
	dlfm_cache_free(c);
	unlink(small_name);
	assert_int_equal(rmdir(small_dir), 0); /* empty */
	assert_int_equal(mkdir(small_dir, 0700), 0);
}

static int64_t first_read_of(const char *name)
{
	struct dlfm_cache_file f;
	struct dlfm_error e = {""};
	int64_t t;

	assert_int_equal(dlfm_cache_open(&f, name, &e), 0);
	t = f.cache->header.first_read;
	assert_true(f.cache->header.created >= t);
	dlfm_cache_close(&f);
	return t;
}

/* Not when it was written: what changed while a long pack ran must be read again before it is believed. */
static void the_first_look_is_remembered(void **state)
{
	const time_t before = time(NULL);
	struct dlfm_cache *c = small_cache();
	struct dlfm_cache_writer *w;
	struct dlfm_error e = {""};

	(void)state;
	assert_int_equal(dlfm_writer_open(&w, small_name, &e), 0);
	while (time(NULL) < before + 2)
		usleep(20000);
	assert_int_equal(dlfm_writer_finish(w, c, &e), 0);
	assert_true(first_read_of(small_name) <= before + 1);
	c->first_read = 1000;
	assert_int_equal(dlfm_writer_open(&w, small_name, &e), 0);
	assert_int_equal(dlfm_writer_finish(w, c, &e), 0);
	assert_int_equal(first_read_of(small_name), 1000);
	dlfm_cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(threads_do_not_matter),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(the_first_look_is_remembered),
		cmocka_unit_test(nothing_is_left_on_failure),
	};

	return cmocka_run_group_tests(tests, set_up_small, tear_down_small);
}
