/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzing libdlfm.so on a hostile image: every kind of question, asked of its own wrappers (which the build renames, so that
 * they stand in nobody's way here). Calls that change something are begun, not made.
 */
#include <stdlib.h>
#include <string.h>

#include "libdlfm/fm/change.h"
#include "tests/fuzz/image-input.h"

int fuzzed_stat(const char *path, struct stat *st);
int fuzzed_lstat(const char *path, struct stat *st);
int fuzzed_access(const char *path, int mode);
ssize_t fuzzed_readlink(const char *path, char *buf, size_t size);
char *fuzzed_realpath(const char *path, char *resolved);
DIR *fuzzed_opendir(const char *path);
struct dirent *fuzzed_readdir(DIR *dir);
int fuzzed_closedir(DIR *dir);
void fuzzed_seekdir(DIR *dir, long at);

static void list(const char *path)
{
	DIR *dir = fuzzed_opendir(path);
	const struct dirent *d;
	int i;

	if (!dir)
		return;
	for (i = 0; i < 20 && (d = fuzzed_readdir(dir)); i++)
		fuzz_check(strlen(d->d_name) < sizeof(d->d_name), "a name ends");
	fuzzed_seekdir(dir, 1);
	fuzzed_readdir(dir);
	fuzzed_closedir(dir);
}

static void ask(const char *path)
{
	char *small = malloc(100), *resolved;
	struct stat st;

	fuzzed_stat(path, &st);
	fuzzed_lstat(path, &st);
	fuzzed_access(path, R_OK);
	fuzzed_readlink(path, small, 100);
	resolved = fuzzed_realpath(path, NULL);
	fuzz_touch(resolved);
	free(resolved);
	fuzz_touch(fm_staged(fm_ask(AT_FDCWD, path, 1)));
	list(path);
	free(small);
}

static void change(const char *path, uint32_t i)
{
	struct fm_change c;

	fm_change_begin(&c, AT_FDCWD, path, i % 2 ? FM_FOLLOW_LATER : FM_MAKES,
			i % 3 ? DLFM_DIRTY_TREE : DLFM_DIRTY_SELF);
	fm_change_end(&c, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_input in;
	struct dlfm_image im;
	char buf[8192];
	uint32_t i;

	if (fm.state == FM_NEW)
		fm_start();
	if (image_input_take(&in, &im, data, size) < 0)
		return 0;
	/* as init.c does when the image is at its place */
	fm.image = im;
	fm.image_len = im.header->root_len > 5 ? im.header->root_len - 5 : 0;
	fm.answering = fm.access = 1;
	fm.state = FM_ACTIVE;
	for (i = 0; i < IMAGE_TEXTS; i++)
		ask(image_input_text(&im, i, buf));
	for (i = 0; i < IMAGE_TEXTS; i += 5) {
		change(image_input_text(&im, i, buf), i);
		ask(image_input_text(&im, i + 1, buf));
	}
	memset(&fm.image, 0, sizeof(fm.image));
	fm.state = FM_ASIDE;
	image_input_free(&in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return fuzz_mutate_words(data, size, max, seed);
}
