/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Original names. l_name is public, and its buffer is malloced for the staged name, which is longer
 * than the original: it is overwritten in place (ld.so frees it). l_origin is not public. It is
 * found once, by what it must hold: among the words between the link map's public part and the
 * auditor's cookie (elf/dl-object.c: one allocation, the audit state follows the map) exactly one
 * points to the directory of the staged name. Words that are no pointers are told by a system call
 * that fails instead of a load that kills. If no word or more than one fits, $ORIGIN is left as it
 * is: the names that ld.so then makes of it lie below the image's root and are mapped back.
 */
#include "libdlfm/audit/names.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "libdlfm/audit/path.h"
#include "libdlfm/sys.h"

#define LINK_MAP_MAX 4096 /* bytes between map and cookie; about 1150 in glibc 2.17 to 2.41 */

static struct {
	const char *staged, *original, *cwd;
} expected;

static size_t origin_offset; /* of l_origin in a link map */
static enum { NOT_LOOKED, KNOWN, NOT_FOUND } origin_state;

void audit_names_expect(const char *staged, const char *original, const char *cwd)
{
	expected.staged = staged;
	expected.original = original;
	expected.cwd = cwd;
}

void audit_names_forget(void)
{
	expected.staged = NULL;
}

/* Length of a path's directory: "/" is the directory of "/x" (as in elf/dl-object.c). */
static size_t directory_length(const char *path)
{
	size_t n = strlen(path);

	while (n > 0 && path[n - 1] != '/')
		n--;
	return n > 1 ? n - 1 : n;
}

static int is_directory_of(const char *origin, const char *path)
{
	return text_is(origin, path, directory_length(path));
}

/* Could a string of n bytes and its NUL lie at p? */
static int may_be_read(const char *p, size_t n)
{
	const uintptr_t at = (uintptr_t)p;

	return at > 0xffff && at % sizeof(void *) == 0 && at < UINTPTR_MAX / 2 &&
	       dlfm_sys_readable(p) && dlfm_sys_readable(p + (n & ~(size_t)7));
}

static void find_origin(const struct link_map *map, const void *cookie)
{
	const char *const *words = (const char *const *)map;
	const size_t size = (size_t)((const char *)cookie - (const char *)map);
	const size_t n = directory_length(map->l_name);
	size_t found = 0;

	origin_state = NOT_FOUND;
	if ((const char *)cookie < (const char *)map || size > LINK_MAP_MAX)
		return;
	for (size_t i = sizeof(*map) / sizeof(*words); i < size / sizeof(*words); i++) {
		if (!may_be_read(words[i], n) || !is_directory_of(words[i], map->l_name))
			continue;
		if (found)
			return;
		found = i;
	}
	if (!found)
		return;
	origin_offset = found * sizeof(*words);
	origin_state = KNOWN;
}

/* The object's origin if it is the directory of its present name, else NULL. */
static char *origin_of(const struct link_map *map, const void *cookie)
{
	char *origin;

	if (origin_state == NOT_LOOKED)
		find_origin(map, cookie);
	if (origin_state != KNOWN)
		return NULL;
	origin = *(char *const *)((const char *)map + origin_offset);
	return origin && origin != (char *)-1 && is_directory_of(origin, map->l_name) ? origin
										      : NULL;
}

/* Writes the directory of `path` (below cwd, if given) over an origin with room for `room` bytes.
 */
static void put_origin(char *origin, size_t room, const char *cwd, const char *path)
{
	size_t n = cwd ? strlen(cwd) : 0;
	const size_t slash = cwd && n > 0 && cwd[n - 1] != '/', dir = directory_length(path);

	if (n + slash + dir > room)
		return;
	if (n)
		memcpy(origin, cwd, n);
	if (slash)
		origin[n++] = '/';
	memmove(origin + n, path, dir);
	origin[n + dir] = '\0';
}

int audit_names_restore(const struct dlfm_image *im, struct link_map *map, const void *cookie)
{
	const char *original = dlfm_image_original(im, map->l_name), *cwd = NULL;
	const size_t room = strlen(map->l_name);
	char *origin;

	if (!original)
		return 0;
	if (expected.staged && strlen(expected.original) <= room &&
	    strlen(expected.staged) == room && memcmp(expected.staged, map->l_name, room) == 0) {
		original = expected.original;
		cwd = expected.cwd;
	}
	origin = origin_of(map, cookie);
	if (origin)
		put_origin(origin, room, cwd, original);
	memmove(map->l_name, original, strlen(original) + 1);
	audit_names_forget();
	return 1;
}
