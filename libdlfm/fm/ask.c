/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking the image, and noting in the journal what it did not know. */
#include "libdlfm/fm/fm.h"

#include <string.h>

static const struct dlfm_found not_asked = {
	.answer = DLFM_UNKNOWN,
	.named = DLFM_NONE,
	.entry = DLFM_NONE,
};

static void count_answer(const struct dlfm_found *found)
{
	if (found->answer == DLFM_PRESENT)
		fm_count(DLFM_COUNT_HIT);
	else if (found->answer == DLFM_ABSENT)
		fm_count(DLFM_COUNT_ABSENT);
	else
		fm_count(found->err == DLFM_CHANGED ? DLFM_COUNT_DIRTY : DLFM_COUNT_MISS);
}

static struct dlfm_found ask(const char *path, size_t len, int follow)
{
	struct dlfm_found found;

	if (fm_is_local(path, len)) {
		fm_count(DLFM_COUNT_LOCAL);
		return not_asked;
	}
	found = dlfm_image_lookup(&fm.image, path, len, follow);
	count_answer(&found);
	return found;
}

static __attribute__((noinline)) struct dlfm_found ask_long(int dirfd, const char *path, int follow)
{
	char buf[PATH_MAX];
	size_t len = fm_absolute(buf, dirfd, path);

	return len ? ask(buf, len, follow) : not_asked;
}

static __attribute__((noinline)) struct dlfm_found ask_relative(int dirfd, const char *path,
								int follow)
{
	char buf[FM_SHORT_PATH];
	size_t len = fm_absolute_within(buf, sizeof(buf), dirfd, path);

	return len ? ask(buf, len, follow) : ask_long(dirfd, path, follow);
}

struct dlfm_found fm_ask(int dirfd, const char *path, int follow)
{
	if (!fm.answering || !path || !*path)
		return not_asked;
	return *path == '/' ? ask(path, strlen(path), follow) : ask_relative(dirfd, path, follow);
}

/* By the canonical entry: its staged name leads through no link. */
const char *fm_staged(struct dlfm_found found)
{
	const struct dlfm_image_entry *e = fm_entry(found);

	return e && (e->st.mode & S_IFMT) == S_IFREG ? dlfm_image_staged(&fm.image, e->canon)
						     : NULL;
}

static void note(const char *path, size_t len, enum dlfm_record_kind kind, unsigned op, int err)
{
	if (fm_is_local(path, len))
		return;
	if (kind == DLFM_REC_WRITE)
		fm_count(DLFM_COUNT_WRITE);
	dlfm_journal_add(fm.journal, kind, op, err, path, len, NULL, 0);
}

static __attribute__((noinline)) void note_long(int dirfd, const char *path,
						enum dlfm_record_kind kind, unsigned op, int err)
{
	char buf[PATH_MAX];
	size_t len = fm_absolute(buf, dirfd, path);

	if (len)
		note(buf, len, kind, op, err);
}

static __attribute__((noinline)) int note_relative(int dirfd, const char *path,
						   enum dlfm_record_kind kind, unsigned op, int err)
{
	char buf[FM_SHORT_PATH];
	size_t len = fm_absolute_within(buf, sizeof(buf), dirfd, path);

	if (len)
		note(buf, len, kind, op, err);
	return len > 0;
}

void fm_note_record(int dirfd, const char *path, enum dlfm_record_kind kind, unsigned op, int err)
{
	const int saved = errno;
	const size_t len = path && *path == '/' ? strlen(path) : 0;

	if (len && len < PATH_MAX)
		note(path, len, kind, op, err);
	else if (path && *path && !len && !note_relative(dirfd, path, kind, op, err))
		note_long(dirfd, path, kind, op, err);
	errno = saved;
}

void fm_note_path(int dirfd, const char *path, unsigned op, int err)
{
	fm_note_record(dirfd, path, DLFM_REC_PATH, op, err);
}
