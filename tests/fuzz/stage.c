/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzing whole caches: staging into a directory, reading and extracting the contents. Whatever a cache says, nothing is made
 * outside the directories that were named, and nothing is left when it is refused.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/extract.h"
#include "cache-tools/stage.h"
#include "tests/fuzz/cache-input.h"

static char top[PATH_MAX], store[PATH_MAX], lib[PATH_MAX], out[PATH_MAX];

static void make(char *path, const char *name)
{
	snprintf(path, PATH_MAX, "%.100s/%s", top, name);
	fuzz_check(mkdir(path, 0700) == 0, "a directory is made");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char object[PATH_MAX];

	(void)argc;
	(void)argv;
	snprintf(top, sizeof(top), "%s", fuzz_scratch());
	make(store, "store");
	make(lib, "lib");
	make(out, "out");
	snprintf(object, sizeof(object), "%.200s/libdlfm.so", lib);
	close(open(object, O_WRONLY | O_CREAT, 0700));
	return 0;
}

static int count(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	while (d && readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void stage(const uint8_t *file, size_t size)
{
	const char *dirs[] = {store, NULL};
	struct dlfm_stage_options o = {
		.dirs = dirs, .libdir = lib, .threads = 1, .max_size = 64 << 20};
	struct dlfm_cache_brief b;
	struct dlfm_error e = {""};
	struct dlfm_stager *st;
	char image[PATH_MAX];
	size_t at = 0, n;

	if (dlfm_cache_brief(&b, file, size, &e) < 0 || dlfm_stager_open(&st, &b, &o, &e) < 0)
		return;
	while (at < size) {
		n = size - at < 700 ? size - at : 700;
		if (dlfm_stager_feed(st, file + at, n, &e) < 0)
			break;
		at += n;
	}
	if (at < size) {
		dlfm_stager_abort(st);
	} else if (dlfm_stager_finish(st, image, &e) == 0) {
		fuzz_check(strncmp(image, store, strlen(store)) == 0, "the image is in the store");
		fuzz_check(dlfm_stage_sweep_all(dirs, &e) == 1, "the image can be removed");
	}
	fuzz_check(count(store) == 0, "nothing is left in the store");
}

static void read_all(const uint8_t *file, size_t size)
{
	static const struct dlfm_patterns all;
	const struct dlfm_extract_options o = {.patterns = &all, .overwrite = 1};
	struct dlfm_cache_file f;
	struct dlfm_error e = {""};
	char name[64];
	uint32_t i;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	fuzz_check(write(fd, file, size) == (ssize_t)size, "the file is written");
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (dlfm_cache_open(&f, name, &e) == 0) {
		for (i = 0; i < f.cache->n_contents; i++)
			dlfm_cache_read_content(&f, i, NULL, NULL, &e);
		dlfm_extract(&f, out, &o, &e);
		dlfm_cache_close(&f);
		fuzz_empty(out);
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cache_input in;
	uint8_t *file;

	if (cache_input_take(&in, data, size) < 0)
		return 0;
	cache_input_digests(&in);
	cache_input_seal(&in);
	file = cache_input_file(&in, &size);
	if (in.h.contents_size < 8 << 20) {
		stage(file, size);
		read_all(file, size);
	}
	fuzz_check(count(top) == 3, "nothing is made elsewhere");
	free(file);
	cache_input_free(&in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return fuzz_mutate_words(data, size, max, seed);
}
