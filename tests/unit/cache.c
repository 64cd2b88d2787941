/* SPDX-License-Identifier: BSD-3-Clause */
/* cache.dat: what is written is read again; whatever is damaged or hostile is refused. */
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
#include <zstd.h>

#include "cache-tools/cache-private.h"
#include "cache-tools/cache-write.h"

static char dir[] = "/tmp/dlfm-unit-cache.XXXXXX";
static char cache_name[64];

/* ---- a small cache: /sw, /sw/link -> lib, /sw/lib/{a,b,empty,none}, listing of /sw/lib ---- */

enum { N_FILES = 4 };
static const char *const files[N_FILES] = {"/sw/lib/a", "/sw/lib/b", "/sw/lib/big",
					   "/sw/lib/empty"};
static const size_t sizes[N_FILES] = {100, 100, 9u << 20, 0};

static char *file_bytes(size_t i)
{
	char *bytes = malloc(sizes[i] + 1);
	size_t j;

	for (j = 0; j < sizes[i]; j++)
		bytes[j] = (char)(i < 2 ? 'x' : (j * 2654435761u) >> 13);
	return bytes;
}

static int open_file(void *arg, size_t i, uint64_t *size)
{
	char name[] = "/tmp/dlfm-unit-file.XXXXXX", *bytes = file_bytes(i);
	int fd = mkstemp(name);

	(void)arg;
	unlink(name);
	assert_int_equal(write(fd, bytes, sizes[i]), sizes[i]);
	free(bytes);
	*size = sizes[i];
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
	uint32_t entry = add(c, files[i], S_IFREG | 0644);

	c->entries[entry].content = content;
	c->entries[entry].st.size = sizes[i];
	c->entries[entry].st.mtime.nsec = 17;
}

static struct dlfm_cache *small_cache(void)
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

static void write_small(const char *name, unsigned threads)
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

/* ---- tests ---- */

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
	write_small(cache_name, 0);
	if (dlfm_cache_open(&f, cache_name, &e) < 0)
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
		uint32_t entry = dlfm_cache_find(c, files[i], strlen(files[i]));
		struct collected all = {NULL, 0};
		char *want = file_bytes(i);

		assert_int_equal(c->entries[entry].st.mtime.nsec, 17);
		assert_int_equal(
			dlfm_cache_read_content(&f, c->entries[entry].content, collect, &all, &e),
			0);
		assert_int_equal(all.size, sizes[i]);
		if (all.size)
			assert_memory_equal(all.bytes, want, sizes[i]);
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
	write_small(cache_name, 1);
	bytes[0] = slurp(cache_name, &size[0]);
	write_small(cache_name, 4);
	bytes[1] = slurp(cache_name, &size[1]);
	assert_int_equal(size[0], size[1]);
	assert_memory_equal(bytes[0] + 256, bytes[1] + 256, size[0] - 256); /* all but the date */
	free(bytes[0]);
	free(bytes[1]);
}

static int opens(const char *bytes, size_t size, struct dlfm_error *e)
{
	struct dlfm_cache_file f;
	int fd = open(cache_name, O_WRONLY | O_CREAT | O_TRUNC, 0600), rc = 0;
	uint32_t i;

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	e->text[0] = 0;
	if (dlfm_cache_open(&f, cache_name, e) < 0)
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
	write_small(cache_name, 0);
	bytes = slurp(cache_name, &size);
	assert_int_equal(opens(bytes, size, &e), 0);

	assert_true(harmless * 100 < size);
	for (i = 0; i < size; i += i < 3000 ? 1 : size / 40) {
		bytes[i] ^= 1 << i % 8;
		if (opens(bytes, size, &e) == 0)
			harmless++;
		else
			assert_non_null(strstr(e.text, cache_name));
		bytes[i] ^= 1 << i % 8;
	}

	assert_true(harmless * 100 < size);
	for (i = 0; i < size; i += i < 300 ? 1 : size / 40)
		if (opens(bytes, i, &e) == 0)
			fail_msg("cut off at byte %zu, and nobody noticed", i);
	free(bytes);
}

/* ---- hostile metadata: whole digests, wrong contents ---- */

static void *small_metadata(size_t *size, struct dlfm_cache_header *h,
			    void (*change)(struct dlfm_cache *c))
{
	struct dlfm_cache_file f;
	struct dlfm_error e = {""};
	void *raw;

	assert_int_equal(dlfm_cache_open(&f, cache_name, &e), 0);
	if (change)
		change(f.cache);
	*h = f.cache->header;
	raw = dlfm_metadata_encode(f.cache, size, &e);
	assert_non_null(raw);
	dlfm_cache_close(&f);
	return raw;
}

static int decodes(struct dlfm_cache_header *h, const void *raw, size_t size, struct dlfm_error *e)
{
	size_t max = ZSTD_compressBound(size), n;
	void *stored = malloc(max);
	struct dlfm_cache *c;

	dlfm_digest_of(raw, size, h->id);
	n = ZSTD_compress(stored, max, raw, size, 1);
	h->metadata_size = size;
	h->metadata_stored = n;
	c = dlfm_cache_decode(h, stored, n, e);
	free(stored);
	dlfm_cache_free(c);
	return c ? 0 : -1;
}

static uint32_t at(const struct dlfm_cache *c, const char *path)
{
	uint32_t i = dlfm_cache_find(c, path, strlen(path));

	assert_int_not_equal(i, DLFM_NONE);
	return i;
}

static void set_path(struct dlfm_cache *c, const char *old, const char *new)
{
	c->entries[at(c, old)].path = new;
}

static void dots(struct dlfm_cache *c)
{
	set_path(c, "/sw/lib/none", "/sw/lib/..");
}
static void slashes(struct dlfm_cache *c)
{
	set_path(c, "/sw/lib/none", "/sw/lib//none");
}
static void relative(struct dlfm_cache *c)
{
	set_path(c, "/sw/lib/none", "sw/lib/none");
}
static void twice(struct dlfm_cache *c)
{
	set_path(c, "/sw/lib/none", "/sw/lib/empty");
}
static void elsewhere(struct dlfm_cache *c)
{
	set_path(c, "/sw/lib/none", "/sw/lic/none");
}
static void disorder(struct dlfm_cache *c)
{
	set_path(c, "/sw/lib/none", "/sw/lib/aa");
}
static void parent_after(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib")].parent = 7;
}
static void parent_beyond(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib")].parent = 77777;
}
static void parent_itself(struct dlfm_cache *c)
{
	c->entries[2].parent = 2;
}
static void no_root(struct dlfm_cache *c)
{
	c->n_entries = 0;
	c->header.n_entries = 0;
}
static void canon_beyond(struct dlfm_cache *c)
{
	c->entries[3].canon = 1234567;
}
static void canon_cycle(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib")].canon = at(c, "/sw/link");
}
static void canon_other(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib/a")].canon = at(c, "/sw/lib/b");
	c->entries[at(c, "/sw/lib/a")].content = DLFM_NONE;
}
static void canon_none(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib/b")].canon = DLFM_NONE;
}
static void staged_flag(struct dlfm_cache *c)
{
	c->entries[1].flags |= DLFM_ENTRY_STAGED;
}
static void unknown_flag(struct dlfm_cache *c)
{
	c->entries[1].flags |= 1 << 20;
}
static void content_beyond(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib/a")].content = 99;
}
static void content_size(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib/a")].st.size = 99;
}
static void content_of_dir(struct dlfm_cache *c)
{
	c->entries[1].content = 0;
}
static void negative_error(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib/none")].err = -5;
}
static void absent_stat(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib/none")].st.size = 1;
}
static void listed_file(struct dlfm_cache *c)
{
	c->entries[at(c, "/sw/lib/a")].flags |= DLFM_ENTRY_LISTED;
}
static void rename_first(struct dlfm_cache *c, const char *name)
{
	struct dlfm_cache_name *n = (struct dlfm_cache_name *)c->entries[at(c, "/sw/lib")].names;

	n[0].name = name;
}
static void name_dots(struct dlfm_cache *c)
{
	rename_first(c, "..");
}
static void name_slash(struct dlfm_cache *c)
{
	rename_first(c, "a/b");
}
static void name_empty(struct dlfm_cache *c)
{
	rename_first(c, "");
}
static void frame_zero(struct dlfm_cache *c)
{
	c->frames[0] = 0;
}
static void frame_huge(struct dlfm_cache *c)
{
	c->frames[0] = 1 << 30;
}
static void offset_moves(struct dlfm_cache *c)
{
	c->contents[1].offset++;
}
static void size_bomb(struct dlfm_cache *c)
{
	c->contents[1].size = UINT64_C(1) << 60;
}
static void table_beyond(struct dlfm_cache *c)
{
	c->resolutions[0].table = 4;
}
static void answer_above(struct dlfm_cache *c)
{
	c->resolutions[0].answer = "/a/../../x";
}
static void answer_relative(struct dlfm_cache *c)
{
	c->resolutions[0].answer = "a";
}
static void no_fingerprint(struct dlfm_cache *c)
{
	c->tables[0].fingerprint = 0;
}
static void files_miscounted(struct dlfm_cache *c)
{
	c->header.n_files--;
}
static void tls_absurd(struct dlfm_cache *c)
{
	c->static_tls = UINT64_MAX;
}

static void hostile_cache_is_refused(void **state)
{
	static const struct {
		const char *name;
		void (*change)(struct dlfm_cache *c);
	} cases[] = {
#define CASE(f) {#f, f}
		CASE(dots),	      CASE(slashes),
		CASE(relative),	      CASE(twice),
		CASE(elsewhere),      CASE(disorder),
		CASE(parent_after),   CASE(parent_beyond),
		CASE(parent_itself),  CASE(no_root),
		CASE(canon_beyond),   CASE(canon_cycle),
		CASE(canon_other),    CASE(canon_none),
		CASE(staged_flag),    CASE(unknown_flag),
		CASE(content_beyond), CASE(content_size),
		CASE(content_of_dir), CASE(negative_error),
		CASE(absent_stat),    CASE(listed_file),
		CASE(name_dots),      CASE(name_slash),
		CASE(name_empty),     CASE(frame_zero),
		CASE(frame_huge),     CASE(offset_moves),
		CASE(size_bomb),      CASE(table_beyond),
		CASE(answer_above),   CASE(answer_relative),
		CASE(no_fingerprint), CASE(files_miscounted),
		CASE(tls_absurd),
	};
	struct dlfm_cache_header h;
	struct dlfm_error e;
	size_t i, size;
	void *raw;

	(void)state;
	write_small(cache_name, 0);
	raw = small_metadata(&size, &h, NULL);
	assert_int_equal(decodes(&h, raw, size, &e), 0);
	free(raw);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		raw = small_metadata(&size, &h, cases[i].change);
		if (decodes(&h, raw, size, &e) == 0)
			fail_msg("%s was accepted", cases[i].name);
		if (!strstr(e.text, "damaged: "))
			fail_msg("%s: %s", cases[i].name, e.text);
		free(raw);
	}
}

/* Every 32-bit word of the metadata, changed: refused or decoded, never a crash (run under ASan in
 * CI). */
static void any_word_may_be_wrong(void **state)
{
	static const uint32_t values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff};
	struct dlfm_cache_header h;
	struct dlfm_error e;
	size_t i, v, size;
	unsigned char *raw;

	(void)state;
	write_small(cache_name, 0);
	raw = small_metadata(&size, &h, NULL);
	for (i = 0; i + 4 <= size; i += 4) {
		for (v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
			uint32_t old;

			memcpy(&old, raw + i, 4);
			memcpy(raw + i, &values[v], 4);
			decodes(&h, raw, size, &e);
			memcpy(raw + i, &old, 4);
		}
	}
	for (i = 0; i < size; i += 7)
		assert_int_equal(decodes(&h, raw, i, &e), -1);
	free(raw);
}

static void bombs_are_refused(void **state)
{
	struct dlfm_cache_header h;
	struct dlfm_disk_header d;
	struct dlfm_error e;

	(void)state;
	write_small(cache_name, 0);
	free(small_metadata(&(size_t){0}, &h, NULL));
	h.metadata_size = UINT64_C(1) << 30;
	dlfm_cache_header_encode(&d, &h);
	assert_int_equal(dlfm_cache_header_decode(&h, &d, sizeof(d), &e), -1);
	assert_non_null(strstr(e.text, "declares"));
}

static void nothing_is_left_on_failure(void **state)
{
	struct dlfm_cache *c = small_cache();
	struct dlfm_cache_writer *w;
	struct dlfm_error e = {""};
	char name[128];

	(void)state;
	snprintf(name, sizeof(name), "%s/fresh.dat", dir);
	c->entries[1].err = -5; /* not valid */
	assert_int_equal(dlfm_writer_open(&w, name, &e), 0);
	assert_int_equal(dlfm_writer_finish(w, c, &e), -1);
	assert_int_equal(access(name, F_OK), -1);
	dlfm_cache_free(c);
	unlink(cache_name);
	assert_int_equal(rmdir(dir), 0); /* empty */
	assert_int_equal(mkdir(dir, 0700), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(cache_name, sizeof(cache_name), "%s/cache.dat", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(cache_name);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(threads_do_not_matter),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(hostile_cache_is_refused),
		cmocka_unit_test(any_word_may_be_wrong),
		cmocka_unit_test(bombs_are_refused),
		cmocka_unit_test(nothing_is_left_on_failure),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
