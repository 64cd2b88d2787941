/* SPDX-License-Identifier: BSD-3-Clause */
/* cache.dat: metadata with whole digests and wrong contents is refused. */
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

#include "tests/unit/cache-fixture.h"

static void *small_metadata(size_t *size, struct dlfm_cache_header *h,
			    void (*change)(struct dlfm_cache *c))
{
	struct dlfm_cache_file f;
	struct dlfm_error e = {""};
	void *raw;

	assert_int_equal(dlfm_cache_open(&f, small_name, &e), 0);
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
	write_small(small_name, 0);
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
	write_small(small_name, 0);
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
	write_small(small_name, 0);
	free(small_metadata(&(size_t){0}, &h, NULL));
	h.metadata_size = UINT64_C(1) << 30;
	dlfm_cache_header_encode(&d, &h);
	assert_int_equal(dlfm_cache_header_decode(&h, &d, sizeof(d), &e), -1);
	assert_non_null(strstr(e.text, "declares"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_cache_is_refused),
		cmocka_unit_test(any_word_may_be_wrong),
		cmocka_unit_test(bombs_are_refused),
	};

	return cmocka_run_group_tests(tests, set_up_small, tear_down_small);
}
