/* SPDX-License-Identifier: BSD-3-Clause */
/* The index writer: every area of a small hand-made image, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "libdlfm/hash.h"
#include "libdlfm/image-write.h"

#define ROOT "/dev/shm/dlfm-1/abc/root"
#define TEXT(s)                                                                                    \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}
#define ITEMS(a) a = a, .n_##a = sizeof(a) / sizeof((a)[0])

enum { DIR_SW, LIB, LINK, ABSENT };

static const struct dlfm_image_in_name names[] = {
	{TEXT("lib.so.1"), 11, DT_REG},
	{TEXT("lib.so"), 12, DT_LNK},
	{TEXT("other"), 13, DT_DIR},
};
static const struct dlfm_image_in_entry entries[] = {
	[DIR_SW] = {.path = TEXT("/opt/sw"),
		    .canon = DIR_SW,
		    .flags = DLFM_ENTRY_KNOWN | DLFM_ENTRY_LISTED | DLFM_ENTRY_LIBDIR,
		    .n_names = 3,
		    .st = {.ino = 5, .mode = S_IFDIR | 0755}},
	[LIB] = {.path = TEXT("/opt/sw/lib.so.1"),
		 .canon = LIB,
		 .flags = DLFM_ENTRY_KNOWN | DLFM_ENTRY_STAGED,
		 .st = {.ino = 77, .mode = S_IFREG | 0644, .size = 9}},
	[LINK] = {.path = TEXT("/opt/sw/lib.so"),
		  .canon = LIB,
		  .flags = DLFM_ENTRY_KNOWN | DLFM_ENTRY_STAGED,
		  .target = TEXT("lib.so.1"),
		  .st = {.ino = 78, .mode = S_IFLNK | 0777}},
	[ABSENT] = {.path = TEXT("/opt/sw/x86-64-v3/deep/lib.so"),
		    .canon = DLFM_NONE,
		    .flags = DLFM_ENTRY_KNOWN,
		    .lerr = ENOENT,
		    .err = ENOENT},
};
static const uint64_t fingerprints[] = {0x1234, 0x5678};
static const struct dlfm_image_text guards[] = {TEXT("/tmp/g1"), TEXT("/tmp/g2")};
static const struct dlfm_image_in_resolution resolutions[] = {
	{1, DLFM_ENTRY_STAGED, TEXT("/bin/app"), TEXT("lib.so"), TEXT("/opt/sw/lib.so"), 0, 2},
	{0, 0, TEXT("/bin/app"), TEXT("lib.so"), TEXT("/usr/lib/lib.so"), 2, 0},
};
static const struct dlfm_image_in input = {
	.cache_id = {1, 2, 3},
	.packer_uid = 42,
	.static_tls = 4711,
	.ITEMS(entries),
	.ITEMS(names),
	.fingerprints = fingerprints,
	.n_tables = 2,
	.ITEMS(resolutions),
	.ITEMS(guards),
};

/* ---- a reader of the test's own ---- */

static unsigned char *base;
static const struct dlfm_image_header *header;

static const void *area(struct dlfm_image_area a, size_t element)
{
	assert_int_equal(a.offset % 8, 0);
	assert_true(a.offset >= sizeof(*header) && a.offset <= header->size);
	assert_true(a.count * element <= header->size - a.offset);
	return base + a.offset;
}

static const char *string(struct dlfm_image_string s)
{
	const char *at = area(header->strings, 1);

	assert_true((uint64_t)s.offset + s.len < header->strings.count);
	assert_int_equal(strlen(at + s.offset), s.len);
	return at + s.offset;
}

static const struct dlfm_image_entry *entry(uint32_t i)
{
	const struct dlfm_image_entry *e = area(header->entries, sizeof(*e));

	assert_true(i < header->entries.count);
	return e + i;
}

static uint32_t look_up(const char *path)
{
	const uint32_t *slots = area(header->path_slots, sizeof(*slots));
	uint64_t mask = header->path_slots.count - 1, s = dlfm_hash(path, strlen(path)) & mask;

	assert_int_equal(header->path_slots.count & mask, 0);
	while (slots[s] != DLFM_NONE && strcmp(string(entry(slots[s])->path), path) != 0)
		s = (s + 1) & mask;
	return slots[s];
}

static void write_it(const struct dlfm_image_in *in)
{
	size_t size;
	void *index;

	assert_int_equal(dlfm_image_write(in, ROOT, &index, &size), 0);
	base = index;
	header = index;
	assert_int_equal(header->size, size);
}

static int start(void **state)
{
	(void)state;
	write_it(&input);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(base);
	return 0;
}

/* ---- tests ---- */

static void header_is_right(void **state)
{
	(void)state;
	assert_string_equal(header->magic, DLFM_IMAGE_MAGIC);
	assert_int_equal(header->byte_order, DLFM_IMAGE_BYTE_ORDER);
	assert_int_equal(header->version, DLFM_IMAGE_VERSION);
	assert_memory_equal(header->cache_id, input.cache_id, 16);
	assert_int_equal(header->packer_uid, 42);
	assert_int_equal(header->static_tls, 4711);
	assert_int_equal(header->root_len, strlen(ROOT));
	assert_string_equal(string((struct dlfm_image_string){0, strlen(ROOT)}), ROOT);
	assert_int_equal(header->tables.count, 2);
	assert_int_equal(((const struct dlfm_image_table *)area(header->tables, 8))[1].fingerprint,
			 0x5678);
}

static void entries_are_found(void **state)
{
	const struct dlfm_image_entry *e;
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_int_equal(look_up(entries[i].path.at), i);
		e = entry(i);
		assert_int_equal(e->canon, entries[i].canon);
		assert_int_equal(e->flags, entries[i].flags);
		assert_int_equal(e->err, entries[i].err);
		assert_int_equal(e->lerr, entries[i].lerr);
		assert_memory_equal(&e->st, &entries[i].st, sizeof(e->st));
	}
	assert_string_equal(string(entry(LINK)->target), "lib.so.1");
	assert_int_equal(look_up("/opt/sw/none"), DLFM_NONE);
	assert_true(2 * header->entries.count <= header->path_slots.count);
}

static void ancestors_are_added(void **state)
{
	uint32_t opt = look_up("/opt"), root = look_up("/"), deep, v3;

	(void)state;
	assert_int_equal(header->entries.count, 8);
	assert_int_equal(entry(LIB)->parent, DIR_SW);
	assert_int_equal(entry(LINK)->parent, DIR_SW);
	assert_int_equal(entry(DIR_SW)->parent, opt);
	assert_int_equal(entry(opt)->parent, root);
	assert_int_equal(entry(root)->parent, root);
	assert_int_equal(entry(opt)->flags, 0);
	assert_int_equal(entry(opt)->canon, opt);
	deep = entry(ABSENT)->parent;
	assert_string_equal(string(entry(deep)->path), "/opt/sw/x86-64-v3/deep");
	v3 = entry(deep)->parent;
	assert_int_equal(look_up("/opt/sw/x86-64-v3"), v3);
	assert_int_equal(entry(v3)->parent, DIR_SW);
}

static void staged_names_have_the_root_in_front(void **state)
{
	const char *strings = area(header->strings, 1);
	const struct dlfm_image_resolution *r = area(header->resolutions, sizeof(*r));

	(void)state;
	assert_string_equal(strings + entry(LIB)->path.offset - header->root_len,
			    ROOT "/opt/sw/lib.so.1");
	assert_string_equal(strings + entry(LINK)->path.offset - header->root_len,
			    ROOT "/opt/sw/lib.so");
	assert_string_equal(strings + r[0].answer.offset - header->root_len, ROOT "/opt/sw/lib.so");
}

static void listings(void **state)
{
	const struct dlfm_image_name *n = area(header->names, sizeof(*n));

	(void)state;
	assert_int_equal(entry(DIR_SW)->first_name, 0);
	assert_int_equal(entry(DIR_SW)->n_names, 3);
	assert_string_equal(string(n[0].name), "lib.so.1");
	assert_int_equal(n[0].ino, 77);
	assert_int_equal(n[0].type, DT_REG);
	assert_int_equal(n[0].hash, (uint32_t)dlfm_hash("lib.so.1", 8));
	assert_int_equal(n[1].ino, 78);
	assert_int_equal(n[2].ino, 13);
}

static const struct dlfm_image_resolution *resolve(uint32_t table, const char *req,
						   const char *name)
{
	const uint32_t *slots = area(header->res_slots, sizeof(*slots));
	const struct dlfm_image_resolution *r = area(header->resolutions, sizeof(*r));
	uint64_t mask = header->res_slots.count - 1,
		 hash = dlfm_resolution_hash(table, dlfm_hash(req, strlen(req)),
					     dlfm_hash(name, strlen(name))),
		 s;

	for (s = hash & mask; slots[s] != DLFM_NONE; s = (s + 1) & mask)
		if (r[slots[s]].hash == hash && r[slots[s]].table == table &&
		    strcmp(string(r[slots[s]].requester), req) == 0 &&
		    strcmp(string(r[slots[s]].name), name) == 0)
			return &r[slots[s]];
	return NULL;
}

static void resolutions_are_found(void **state)
{
	const struct dlfm_image_resolution *r;
	const struct dlfm_image_string *g = area(header->guards, sizeof(*g));

	(void)state;
	r = resolve(1, "/bin/app", "lib.so");
	assert_non_null(r);
	assert_string_equal(string(r->answer), "/opt/sw/lib.so");
	assert_int_equal(r->flags, DLFM_ENTRY_STAGED);
	assert_int_equal(r->n_guards, 2);
	assert_string_equal(string(g[r->first_guard + 1]), "/tmp/g2");
	r = resolve(0, "/bin/app", "lib.so");
	assert_non_null(r);
	assert_string_equal(string(r->answer), "/usr/lib/lib.so");
	assert_null(resolve(0, "/bin/app", "libm.so"));
}

static void refuses(const struct dlfm_image_in *in, int want)
{
	void *index = NULL;
	size_t size;

	errno = 0;
	assert_int_equal(dlfm_image_write(in, ROOT, &index, &size), -1);
	assert_int_equal(errno, want);
	assert_null(index);
}

static void bad_paths(void **state)
{
	static const char *const bad[] = {"",	    "a",       "/a/", "//",    "/a//b", "/.",
					  "/a/./b", "/a/../b", "/..", "/a/..", "../a",	NULL};
	static const char *const good[] = {"/", "/a", "/...", "/.a/..b", "/a b", NULL};
	struct dlfm_image_in_entry e = {.canon = 0};
	struct dlfm_image_in in = {.entries = &e, .n_entries = 1};
	int i;

	(void)state;
	for (i = 0; bad[i]; i++) {
		e.path = (struct dlfm_image_text){bad[i], strlen(bad[i])};
		refuses(&in, EINVAL);
	}
	e.path = (struct dlfm_image_text){"/a\0b", 4};
	refuses(&in, EINVAL);
	for (i = 0; good[i]; i++) {
		e.path = (struct dlfm_image_text){good[i], strlen(good[i])};
		free(base);
		write_it(&in);
	}
}

static void bad_indices(void **state)
{
	struct dlfm_image_in_entry two[2] = {entries[LIB], entries[LIB]};
	struct dlfm_image_in in = {.entries = two, .n_entries = 2};
	struct dlfm_image_in_resolution r = resolutions[0];

	(void)state;
	two[0].canon = two[1].canon = 0;
	refuses(&in, EINVAL); /* the same path twice */
	in.n_entries = 1;
	two[0].canon = 1;
	refuses(&in, EINVAL);
	two[0].canon = 0;
	two[0].n_names = 1;
	refuses(&in, EINVAL);
	in = input;
	in.resolutions = &r;
	in.n_resolutions = 1;
	r.table = 2;
	refuses(&in, EINVAL);
	r.table = 1;
	r.n_guards = 3;
	refuses(&in, EINVAL);
	r.first_guard = 0xffffffff;
	refuses(&in, EINVAL);
}

static void many_entries(void **state)
{
	enum { N = 20000 };
	struct dlfm_image_in_entry *many = calloc(N, sizeof(*many));
	struct dlfm_image_in in = {.entries = many, .n_entries = N};
	char(*paths)[32] = calloc(N, sizeof(*paths));
	uint32_t i;
	size_t n;

	(void)state;
	/* each with two ancestors of its own: the tables must grow */
	for (i = 0; i < N; i++) {
		many[i].path.at = paths[i];
		many[i].path.len = snprintf(paths[i], sizeof(paths[i]), "/d%u/e/f%u", i, i);
		many[i].canon = i;
	}
	free(base);
	write_it(&in);
	assert_int_equal(header->entries.count, 3 * N + 1);
	assert_true(header->path_slots.count >= 2 * header->entries.count);
	for (i = 0; i < N; i++) {
		assert_int_equal(look_up(paths[i]), i);
		n = strlen(string(entry(entry(entry(i)->parent)->parent)->path));
		assert_int_equal(n, strcspn(paths[i] + 1, "/") + 1);
	}
	free(many);
	free(paths);
}

static void empty(void **state)
{
	struct dlfm_image_in in = {.n_entries = 0};

	(void)state;
	free(base);
	write_it(&in);
	assert_int_equal(look_up("/"), DLFM_NONE);
	assert_null(resolve(0, "a", "b"));
}

static void files(void **state)
{
	char dir[] = "/tmp/dlfm-image-write.XXXXXX";
	struct dlfm_dirty_header dirty;
	struct stat st;
	int d, fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	d = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(dlfm_image_write_files(d, &input, ROOT), 0);
	assert_int_equal(fstatat(d, "index", &st, 0), 0);
	assert_int_equal(st.st_size, header->size);
	assert_int_equal(st.st_mode & 07777, 0400);
	fd = openat(d, "dirty", O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, sizeof(dirty) + header->entries.count);
	assert_int_equal(read(fd, &dirty, sizeof(dirty)), sizeof(dirty));
	assert_string_equal(dirty.magic, DLFM_DIRTY_MAGIC);
	assert_int_equal(dirty.n_entries, header->entries.count);
	assert_int_equal(dirty.marks, 0);
	close(fd);
	assert_int_equal(dlfm_image_write_files(d, &input, ROOT), -1);
	assert_int_equal(errno, EEXIST);
	unlinkat(d, "index", 0);
	unlinkat(d, "dirty", 0);
	close(d);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_is_right),
		cmocka_unit_test(entries_are_found),
		cmocka_unit_test(ancestors_are_added),
		cmocka_unit_test(staged_names_have_the_root_in_front),
		cmocka_unit_test(listings),
		cmocka_unit_test(resolutions_are_found),
		cmocka_unit_test(files),
		cmocka_unit_test(bad_paths),
		cmocka_unit_test(bad_indices),
		cmocka_unit_test(many_entries),
		cmocka_unit_test(empty),
	};

	return cmocka_run_group_tests_name("image-write", tests, start, end);
}
