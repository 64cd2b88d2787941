/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The auditor's entry points, which ld.so calls: rtld-audit(7). Every cookie is its object's link
 * map.
 *
 * None of them can fail: what is not known, or not possible, leaves ld.so to do what it would do
 * without an auditor.
 */
#include <link.h>

#include "libdlfm/audit/answer.h"
#include "libdlfm/audit/log.h"
#include "libdlfm/audit/names.h"
#include "libdlfm/audit/process.h"
#include "libdlfm/audit/record.h"
#include "libdlfm/environment.h"

#define EXPORT __attribute__((visibility("default")))

static int replaying;
static int started; /* the start-up objects are mapped */

EXPORT unsigned int la_version(unsigned int version)
{
	int recording;

	if (!audit_process_allowed())
		return 0;
	replaying = audit_answer_start();
	recording = audit_record_start(audit_getenv(DLFM_ENV_IMAGE) ? DLFM_JOURNAL_REPLAY : 0);
	audit_log_start(replaying, recording);
	return replaying || recording ? version : 0;
}

/* The path under which an object is known; the main program has an empty l_name. */
static const char *original_name(const struct link_map *map)
{
	return map->l_name && *map->l_name ? map->l_name : audit_search_env()->program;
}

EXPORT char *la_objsearch(const char *name, uintptr_t *cookie, unsigned int flag)
{
	const struct link_map *by = (const struct link_map *)*cookie;
	const char *requester = original_name(by);

	if (!replaying) {
		audit_record_search(requester, name, flag);
		audit_record_count(DLFM_COUNT_MISS);
	} else if (flag == LA_SER_ORIG)
		name = audit_answer_name(by, requester, name);
	else
		name = audit_answer_candidate(by, requester, name, flag);
	return (char *)name;
}

EXPORT unsigned int la_objopen(struct link_map *map, Lmid_t lmid, uintptr_t *cookie)
{
	unsigned what = started ? 0 : DLFM_OBJECT_STARTUP;

	(void)lmid;
	*cookie = (uintptr_t)map;
	if (!map->l_name || !*map->l_name)
		what |= DLFM_OBJECT_MAIN;
	if (replaying && !audit_names_restore(audit_answer_image(), map, cookie))
		audit_answer_opened(map);
	audit_record_object(original_name(map), what);
	return 0;
}

/* The first time that the link map is consistent, all start-up objects are there and no constructor
 * has run. */
EXPORT void la_activity(uintptr_t *cookie, unsigned int flag)
{
	(void)cookie;
	if (flag == LA_ACT_CONSISTENT)
		started = 1;
}
