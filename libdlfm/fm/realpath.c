/* SPDX-License-Identifier: BSD-3-Clause */
/* realpath(3): the path of the canonical entry. */
#include "libdlfm/fm/fm.h"

#include <stdlib.h>
#include <string.h>

/* What realpath returns for a path: in the caller's buffer, or allocated as it says. */
static char *give(const char *path, size_t len, char *resolved)
{
	if (!resolved)
		resolved = malloc(len + 1);
	if (resolved)
		memcpy(resolved, path, len + 1);
	return resolved;
}

/*
 * An absent path is answered only if there is no buffer: into one, glibc writes how far it came.
 */
static int answer(const char *path, char *resolved, char **result)
{
	struct dlfm_found found;
	const char *canonical;
	size_t len;

	if (!fm_on())
		return FM_PASS;
	found = fm_ask(AT_FDCWD, path, 1);
	if (found.answer == DLFM_PRESENT) {
		canonical = dlfm_image_text(&fm.image, fm_entry(found)->path, &len);
		if (len == 0 || len >= PATH_MAX)
			return FM_PASS;
		*result = give(canonical, len, resolved);
		return 0;
	}
	if (found.answer != DLFM_ABSENT || resolved)
		return FM_PASS;
	errno = found.err;
	*result = NULL;
	return 0;
}

/* A descriptor's name in /proc leads to the staged file: its original name is meant. */
static char *to_original(char *result)
{
	const char *original;

	if (result && fm.image.header && (original = dlfm_image_original(&fm.image, result)))
		memmove(result, original, strlen(original) + 1);
	return result;
}

static char *finish(const char *path, char *result)
{
	fm_note(AT_FDCWD, path, DLFM_OP_REALPATH, result ? 0 : -1);
	return path && fm_begins(path, "/proc/") ? to_original(result) : result;
}

FM_EXPORT char *realpath(const char *path, char *resolved)
{
	char *result;

	return answer(path, resolved, &result) != FM_PASS
		       ? result
		       : finish(path, REAL(realpath)(path, resolved));
}

FM_EXPORT char *__realpath_chk(const char *path, char *resolved, size_t room)
{
	char *result;

	if (room >= PATH_MAX && answer(path, resolved, &result) != FM_PASS)
		return result;
	fm_on();
	return finish(path, REAL(__realpath_chk)(path, resolved, room));
}

FM_EXPORT char *canonicalize_file_name(const char *path)
{
	char *result;

	return answer(path, NULL, &result) != FM_PASS
		       ? result
		       : finish(path, REAL(canonicalize_file_name)(path));
}
