/* SPDX-License-Identifier: BSD-3-Clause */
/* Replay: what ld.so is to open for a name, answered from the node image. */
#include "libdlfm/audit/answer.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "libdlfm/audit/bypass.h"
#include "libdlfm/audit/loaded.h"
#include "libdlfm/audit/names.h"
#include "libdlfm/audit/neighbours.h"
#include "libdlfm/audit/path.h"
#include "libdlfm/audit/probe.h"
#include "libdlfm/audit/process.h"
#include "libdlfm/audit/record.h"
#include "libdlfm/environment.h"
#include "libdlfm/hash.h"
#include "libdlfm/sys.h"

/*
 * Names that open(2) refuses with ENOENT and ENOTDIR without looking further. Returning NULL from
 * la_objsearch would save the call, but ld.so then judges by what errno happens to hold, and may
 * end the search early (open_path in elf/dl-load.c).
 */
static const char *const absent = "", *const not_directory = "/dev/null/";

static struct dlfm_image image;
/* The table of this process's search environment; DLFM_NONE: path tier only. */
static uint32_t table;
/* Who asks the question that is being answered: ld.so holds its lock meanwhile. */
static const struct link_map *asker;
/* The hash of the last candidate that was answered with a staged name, 0: none. */
static uint64_t candidate_hash;
static const char *candidate_staged;

static const char *root(void) /* "<image>/root..." */
{
	return (const char *)image.base + image.header->strings.offset;
}

int audit_answer_start(void)
{
	const char *dir = audit_getenv(DLFM_ENV_IMAGE);

	/* ldd(1) prints the names that ld.so looked for: an answer would be one of them. */
	if (audit_getenv("LD_TRACE_LOADED_OBJECTS"))
		return 0;
	if (!dir || audit_others_search() || dlfm_image_map(&image, dir) != 0)
		return 0;
	audit_know_hwcaps(image.header->hwcaps);
	table = dlfm_image_table(&image, dlfm_fingerprint(audit_search_env()));
	audit_probe_start();
	return 1;
}

const struct dlfm_image *audit_answer_image(void)
{
	return &image;
}

/*
 * There is one ld.so, whatever namespace asks for it (elf/dl-load.c: "Ever"); it knows itself by
 * inode. A second name of it is as bad.
 */
static int is_ld_so(const char *path)
{
	const char *name = path_base(path);

	return text_begins(name, "ld-") || text_begins(name, "ld.so") ||
	       text_begins(name, "ld64.so");
}

/* The staged name for a path that exists, NULL if it has none or must not be used. */
static const char *staged_name(const struct dlfm_found *found)
{
	const char *staged = dlfm_image_staged(&image, found->entry);

	if (!staged)
		staged = dlfm_image_staged(&image, found->named);
	return staged && !audit_bypass_holds(&image, asker, found->entry) ? staged : NULL;
}

/* ---- the path tier ---- */

/*
 * A path that is not in the image may be one more way to a file that is: by a link that was never
 * recorded, say. Taking it from the file system would map the library twice. Its canonical path
 * decides. Returns 0 and *found, or the errno with which the path cannot be opened.
 */
static int look_up_real(const char *path, struct dlfm_found *found)
{
	char link[32] = "/proc/self/fd/", real[PATH_MAX];
	const int fd = dlfm_sys_open(path, O_PATH | O_CLOEXEC, 0);
	long n;

	if (fd < 0)
		return -fd;
	text_number(link + strlen(link), (unsigned)fd);
	n = dlfm_sys_readlink(link, real, sizeof(real));
	dlfm_sys_close(fd);
	if (n > 0 && n < (long)sizeof(real))
		*found = dlfm_image_lookup(&image, real, (size_t)n, 1);
	return 0;
}

struct answer {
	enum { PASS, STAGED, FAILS } kind;
	int missed; /* the file system was or will be asked: the image does not know */
	int err;    /* FAILS */
	const char *staged;
};

static struct answer pass(enum dlfm_counter why)
{
	audit_record_count(why);
	return (struct answer){.kind = PASS, .missed = why != DLFM_COUNT_LOCAL};
}

/* What an existing path is to be answered with. ld.so's complaint about a file that is no library
 * shall name the path. */
static struct answer present(const struct dlfm_found *found)
{
	const char *staged = staged_name(found);

	if (!staged || text_has(staged, '$') || !path_is_library(staged))
		return pass(DLFM_COUNT_LOCAL);
	audit_record_count(DLFM_COUNT_HIT);
	audit_record_count(DLFM_COUNT_OPEN);
	return (struct answer){.kind = STAGED, .staged = staged};
}

static struct answer unknown(const char *path, struct dlfm_found *found)
{
	const enum dlfm_counter why =
		found->err == DLFM_CHANGED ? DLFM_COUNT_DIRTY : DLFM_COUNT_MISS;
	const int err = look_up_real(path, found);

	if (!err && found->answer == DLFM_PRESENT && staged_name(found))
		return present(found);
	audit_record_count(why);
	return (struct answer){.kind = err ? FAILS : PASS, .missed = 1, .err = err};
}

static struct answer look_up(const char *path)
{
	struct dlfm_found found;

	if (is_ld_so(path) ||
	    path_is_below(path, root(), image.header->root_len - (sizeof("/root") - 1)))
		return pass(DLFM_COUNT_LOCAL);
	found = dlfm_image_lookup(&image, path, strlen(path), 1);
	if (found.answer == DLFM_PRESENT)
		return present(&found);
	if (found.answer == DLFM_UNKNOWN)
		return unknown(path, &found);
	return (struct answer){.kind = FAILS, .err = found.err};
}

/* ---- the resolution tier ---- */

static int guards_are_absent(const struct dlfm_image_resolution *r)
{
	const char *guard;

	for (uint32_t i = 0; (guard = dlfm_image_guard(&image, r, i)); i++) {
		const int err = dlfm_sys_access(guard, F_OK);

		if (err != -ENOENT && err != -ENOTDIR)
			return 0;
	}
	return 1;
}

/* Is the answer there? Staged files are; a node-local one is asked for, and told by its canonical
 * path if need be. */
static int is_there(const char *answer, struct dlfm_found *found)
{
	if (found->answer == DLFM_UNKNOWN)
		return look_up_real(answer, found) == 0;
	return staged_name(found) || dlfm_sys_access(answer, F_OK) == 0;
}

/* What the whole search of a name comes to: a staged name, a node-local path, the name if ld.so shall search, or NULL if it is
 * not known. */
static const char *resolve(const char *requester, const char *name)
{
	const struct dlfm_image_resolution *r = dlfm_image_resolve(&image, table, requester, name);
	const char *answer, *staged;
	struct dlfm_found found;

	if (!r || is_ld_so(name) || !guards_are_absent(r))
		return NULL;
	answer = dlfm_image_string(&image, r->answer);
	if (answer[0] != '/' || text_has(answer, '$'))
		return NULL;
	found = dlfm_image_lookup(&image, answer, r->answer.len, 1);
	if (found.answer == DLFM_ABSENT || found.err == DLFM_CHANGED || !is_there(answer, &found))
		return NULL;
	staged = found.answer == DLFM_PRESENT ? staged_name(&found) : NULL;
	if (staged && !path_is_library(staged))
		return NULL;
	/*
	 * It would find the loaded object by its inode, and not give it the name that was asked for: versions are looked up
	 * by that (elf/dl-version.c: find_needed). In a search of its own it does.
	 */
	if (audit_loaded_has(asker, staged ? staged : answer))
		return name;
	if (staged) {
		audit_names_expect(staged, answer, NULL);
		audit_record_count(DLFM_COUNT_OPEN);
	}
	audit_record_count(DLFM_COUNT_RESOLVED);
	return staged ? staged : answer;
}

/* ---- the two questions ---- */

/* The directory of the requester and "$ORIGIN"'s rest, or NULL if the name has other tokens. */
static const char *expand_origin(const char *requester, const char *name)
{
	static char expanded[PATH_MAX];
	const char *rest = NULL;
	const size_t base = (size_t)(path_base(requester) - requester);

	if (text_begins(name, "$ORIGIN/"))
		rest = name + sizeof("$ORIGIN/") - 1;
	else if (text_begins(name, "${ORIGIN}/"))
		rest = name + sizeof("${ORIGIN}/") - 1;
	if (!rest || requester[0] != '/' || text_has(rest, '$') ||
	    path_join(expanded, sizeof(expanded), requester, base, rest) != 0)
		return NULL;
	return expanded;
}

static const char *working_directory(void)
{
	static char cwd[PATH_MAX];

	return dlfm_sys_getcwd(cwd, sizeof(cwd)) > 0 && cwd[0] == '/' ? cwd : NULL;
}

/* Looks up a path that may be relative; PASS if it cannot be told what it is relative to. */
static struct answer look_up_from(const char *cwd, const char *path)
{
	char joined[PATH_MAX];

	if (path[0] == '/')
		return look_up(path);
	if (!cwd || path_join(joined, sizeof(joined), cwd, strlen(cwd), path) != 0)
		return pass(DLFM_COUNT_MISS);
	return look_up(joined);
}

static const char *name_with_slash(const char *requester, const char *name)
{
	const char *original = dlfm_image_original(&image, name), *cwd = NULL, *path;
	struct answer answer;

	path = original ? original : name;
	if (path[0] == '$')
		path = expand_origin(requester, name);
	else if (path[0] != '/')
		cwd = working_directory();
	answer = path ? look_up_from(cwd, path) : pass(DLFM_COUNT_MISS);
	if (answer.missed)
		audit_record_search(requester, name, LA_SER_ORIG);
	if (answer.kind == STAGED) {
		audit_names_expect(answer.staged, path, cwd);
		audit_loaded_note(asker, name, answer.staged);
		return answer.staged;
	}
	/* ld.so's message names what it could not open, so that it must try: nothing else is asked in between. */
	if (answer.kind == FAILS && !answer.missed)
		audit_record_count(DLFM_COUNT_LOCAL);
	return original ? original : name;
}

const char *audit_answer_name(const struct link_map *by, const char *requester, const char *name)
{
	const char *answer;

	asker = by;
	candidate_hash = 0;
	audit_names_forget();
	answer = audit_loaded_path(by, name);
	if (answer) {
		audit_record_count(DLFM_COUNT_HIT);
		return answer;
	}
	if (text_has(name, '/'))
		return name_with_slash(requester, name);
	answer = resolve(requester, name);
	if (answer)
		return answer;
	audit_record_search(requester, name, LA_SER_ORIG);
	return name;
}

/* ld.so is about to ask whether the directory of a candidate exists. */
static void answer_directory(const char *candidate, unsigned flag)
{
	size_t n = (size_t)(path_base(candidate) - candidate);
	const struct dlfm_image_entry *e;
	struct dlfm_found found;

	if (candidate[0] != '/' || n < 2)
		return;
	found = dlfm_image_lookup(&image, candidate, n - 1, 1);
	if (found.answer == DLFM_UNKNOWN)
		return;
	e = found.answer == DLFM_PRESENT ? dlfm_image_entry(&image, found.entry) : NULL;
	audit_probe_answer(candidate, flag, e && (e->st.mode & S_IFMT) == S_IFDIR);
}

const char *audit_answer_candidate(const struct link_map *by, const char *requester,
				   const char *candidate, unsigned flag)
{
	const char *original;
	struct answer answer;

	asker = by;
	audit_probe_restore(candidate);
	original = dlfm_image_original(&image, candidate);
	if (!original)
		original = candidate;
	answer = look_up_from(original[0] == '/' ? NULL : working_directory(), original);
	if (answer.missed)
		audit_record_search(requester, original, flag);
	if (answer.kind == STAGED) {
		candidate_hash = dlfm_hash(candidate, strlen(candidate));
		candidate_staged = answer.staged;
		return answer.staged;
	}
	if (answer.kind == PASS || (answer.err != ENOENT && answer.err != ENOTDIR))
		return original;
	if (!answer.missed)
		audit_record_count(DLFM_COUNT_ABSENT);
	if (original == candidate && !answer.missed)
		answer_directory(candidate, flag);
	return answer.err == ENOENT ? absent : not_directory;
}

/* Was it opened by the staged name of the last candidate? Then its l_name is the candidate. */
static int is_candidate(const struct link_map *map)
{
	return candidate_hash && dlfm_hash(map->l_name, strlen(map->l_name)) == candidate_hash;
}

void audit_answer_mapped(const struct link_map *map)
{
	if (map->l_name)
		audit_loaded_opened(map, is_candidate(map) ? candidate_staged : map->l_name);
}

void audit_answer_opened(const struct link_map *map)
{
	struct dlfm_found found;

	if (map->l_name[0] != '/' || is_candidate(map))
		return;
	found = dlfm_image_lookup(&image, map->l_name, strlen(map->l_name), 1);
	if (found.answer == DLFM_PRESENT &&
	    (dlfm_image_staged(&image, found.entry) || dlfm_image_staged(&image, found.named)))
		audit_bypass_note(map, found.entry);
}
