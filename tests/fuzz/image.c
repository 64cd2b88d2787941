/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzing the reader of node images, as both injected objects have it. */
#include <string.h>

#include "libdlfm/image-internal.h"
#include "tests/fuzz/image-input.h"

static void ask(const struct dlfm_image *im, const char *path)
{
	const struct dlfm_image_entry *e;
	const struct dlfm_image_name *n;
	struct dlfm_found found;
	uint32_t i;
	int follow;

	for (follow = 0; follow < 2; follow++) {
		found = dlfm_image_lookup(im, path, strlen(path), follow);
		if (found.answer != DLFM_PRESENT)
			continue;
		e = dlfm_image_entry(im, found.entry);
		fuzz_check(e && e->lerr == 0, "what is present has an entry that exists");
		fuzz_touch(dlfm_image_string(im, e->path));
		fuzz_touch(dlfm_image_string(im, e->target));
		fuzz_touch(dlfm_image_staged(im, found.entry));
		for (i = 0; i < 20 && (n = dlfm_image_name(im, e, i)); i++)
			fuzz_touch(dlfm_image_string(im, n->name));
	}
	dlfm_image_directory(im, path, strlen(path));
	fuzz_touch(dlfm_image_original(im, path));
}

static void resolve(const struct dlfm_image *im)
{
	const struct dlfm_image_resolution *all = (const void *)(im->base +
								 im->header->resolutions.offset),
					   *r;
	uint32_t i, g;

	dlfm_image_table(im, 5);
	for (i = 0; i < im->header->resolutions.count && i < IMAGE_TEXTS; i++) {
		r = dlfm_image_resolve(im, all[i].table, dlfm_image_string(im, all[i].requester),
				       dlfm_image_string(im, all[i].name));
		for (g = 0; r && g < 20; g++)
			fuzz_touch(dlfm_image_guard(im, r, g));
		if (r)
			fuzz_touch(dlfm_image_string(im, r->answer));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_input in;
	struct dlfm_image im;
	char buf[8192];
	uint32_t i;

	if (image_input_take(&in, &im, data, size) < 0)
		return 0;
	resolve(&im);
	for (i = 0; i < IMAGE_TEXTS; i++)
		ask(&im, image_input_text(&im, i, buf));
	for (i = 0; i < IMAGE_TEXTS; i++) {
		const char *path = image_input_text(&im, i * 5, buf);

		dlfm_image_mark(&im, path, strlen(path), i % 2 ? DLFM_DIRTY_SELF : DLFM_DIRTY_TREE);
		ask(&im, image_input_text(&im, i, buf));
	}
	image_input_free(&in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return fuzz_mutate_words(data, size, max, seed);
}
