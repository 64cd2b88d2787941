/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzzing the reader of journals. A record is found by its mark, which depends on where it stands: the marks of what
 * looks like records are set, for all but one input in eight.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/journal-read.h"
#include "cache-tools/report.h"
#include "tests/fuzz/fuzz.h"

static void set_marks(uint8_t *data, size_t size)
{
	struct dlfm_journal_header h;
	struct dlfm_journal_record r;
	size_t at;

	if (size < sizeof(h))
		return;
	memcpy(&h, data, sizeof(h));
	memcpy(h.magic, DLFM_JOURNAL_MAGIC, sizeof(h.magic));
	h.version = DLFM_JOURNAL_VERSION;
	memcpy(data, &h, sizeof(h));
	at = (sizeof(h) + (size_t)h.strings + 7) & ~(size_t)7;
	while (at <= size && size - at >= sizeof(r)) {
		memcpy(&r, data + at, sizeof(r));
		r.mark = DLFM_RECORD_MARK ^ (uint32_t)at;
		memcpy(data + at, &r, sizeof(r));
		at += r.size >= sizeof(r) && r.size % 8 == 0 ? r.size : 8;
	}
}

static void read_lines(const struct dlfm_journal_copy *j)
{
	struct dlfm_journal_line line;
	size_t at = j->first, before = at;

	while (dlfm_journal_next(j, &at, &line)) {
		fuzz_check(at > before && at <= j->size, "the reader goes on, and not too far");
		fuzz_check(strlen(line.a) == line.a_len && strlen(line.b) == line.b_len,
			   "texts end where they say");
		before = at;
	}
	fuzz_touch(j->program);
	fuzz_touch(j->node);
	fuzz_touch(j->cwd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int dir = -1, fd;
	uint8_t *bytes = fuzz_copy(data, size);
	struct dlfm_error e = {""};
	struct dlfm_journal_copy j;
	struct dlfm_report *r;
	int rc;

	if (dir < 0) {
		dir = open(fuzz_scratch(), O_RDONLY | O_DIRECTORY);
		fd = openat(dir, "dl-1-1.journal", O_RDWR | O_CREAT, 0600);
	}
	if (size % 8)
		set_marks(bytes, size);
	fuzz_check(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size,
		   "the journal is written");
	rc = dlfm_journal_copy(&j, dir, "dl-1-1.journal", &e);
	if (rc == 0) {
		read_lines(&j);
		dlfm_journal_release(&j);
	} else if (rc < 0) {
		fuzz_check(e.text[0], "a refusal says why");
	}
	r = dlfm_report_read(fuzz_scratch(), &e);
	if (r && dlfm_report_write(r, "/dev/null", size & 1, 5, &e) < 0)
		fuzz_check(e.text[0], "a refusal says why");
	dlfm_report_free(r);
	free(bytes);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	return fuzz_mutate_words(data, size, max, seed);
}
