/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzing dlfm-audit.so's answers on a hostile image; what it asks of its process is answered here. */
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "libdlfm/audit/answer.h"
#include "libdlfm/audit/names.h"
#include "libdlfm/audit/neighbours.h"
#include "libdlfm/audit/process.h"
#include "libdlfm/audit/record.h"
#include "tests/fuzz/image-input.h"

static struct dlfm_image attached;

/* ---- in the places of process.c, neighbours.c, record.c, image-map.c and fingerprint.c ---- */

const char *audit_getenv(const char *name)
{
	return strcmp(name, "DLFM_IMAGE") == 0 ? "/image" : NULL;
}

void audit_know_hwcaps(uint64_t level)
{
	(void)level;
}

const struct dlfm_search_env *audit_search_env(void)
{
	static const struct dlfm_search_env env = {.program = "/sw/bin/python"};

	return &env;
}

int audit_is_first(void)
{
	return 1;
}

int audit_others_search(void)
{
	return 0;
}

void audit_record_search(const char *requester, const char *name, unsigned flag)
{
	(void)flag;
	fuzz_check(requester && name, "what is recorded has names");
}

void audit_record_count(enum dlfm_counter which)
{
	(void)which;
}

int dlfm_image_map(struct dlfm_image *im, const char *dir)
{
	(void)dir;
	*im = attached;
	return 0;
}

/* Any table that the image has. */
uint64_t dlfm_fingerprint(const struct dlfm_search_env *env)
{
	const struct dlfm_image_header *h = attached.header;

	(void)env;
	return h->tables.count
		       ? ((const struct dlfm_image_table *)(attached.base + h->tables.offset))
				 ->fingerprint
		       : 0;
}

/* ---- ld.so's questions ---- */

static struct link_map by = {.l_name = (char *)"/sw/bin/python"};

/* As ld.so has it: in a buffer on its stack, that the auditor may write to. */
static void candidate(const char *path)
{
	char buffer[8192];

	strcpy(buffer, path);
	fuzz_check(audit_answer_candidate(&by, by.l_name, buffer, LA_SER_LIBPATH) != NULL,
		   "there is an answer");
	strcpy(buffer, "/nothing");
	audit_answer_candidate(&by, by.l_name, buffer, LA_SER_LIBPATH);
}

/* What ld.so mapped under the name that it was given. */
static void opened(const char *name)
{
	struct link_map map = {.l_name = fuzz_text(name, strlen(name)), .l_prev = &by};

	if (!audit_names_restore(audit_answer_image(), &map, &map + 1))
		audit_answer_opened(&map);
	fuzz_check(strlen(map.l_name) <= strlen(name), "a name does not grow");
	free(map.l_name);
}

static void search(const char *requester, const char *name)
{
	const char *answer = audit_answer_name(&by, requester, name);

	fuzz_check(answer != NULL, "there is an answer");
	opened(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct dlfm_image_resolution *r;
	struct image_input in;
	char buf[8192];
	uint32_t i;

	if (image_input_take(&in, &attached, data, size) < 0)
		return 0;
	/* is_at_its_place() has seen to that */
	if (attached.header->root_len >= 5 && audit_answer_start()) {
		for (i = 0; i < IMAGE_TEXTS; i++) {
			search(by.l_name, image_input_text(&attached, i, buf));
			candidate(image_input_text(&attached, i, buf));
		}
		r = (const void *)(attached.base + attached.header->resolutions.offset);
		for (i = 0; i < attached.header->resolutions.count && i < IMAGE_TEXTS; i++)
			search(dlfm_image_string(&attached, r[i].requester),
			       dlfm_image_string(&attached, r[i].name));
	}
	image_input_free(&in);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return fuzz_mutate_words(data, size, max, seed);
}
