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

static int replaying, recording;
static int started; /* the start-up objects are mapped */

/*
 * 0 makes ld.so drop the auditor; but glibc before 2.30 then crashes (BZ 24122). It can be told by the version, which is 2
 * since glibc 2.35: with an older one the auditor stays and does nothing.
 */
EXPORT unsigned int la_version(unsigned int version)
{
	if (audit_process_allowed()) {
		replaying = audit_answer_start();
		recording =
			audit_record_start(audit_getenv(DLFM_ENV_IMAGE) ? DLFM_JOURNAL_REPLAY : 0);
		audit_log_start(replaying, recording);
	}
	return replaying || recording || version < 2 ? version : 0;
}

/* The path under which an object is known; the main program has an empty l_name. */
static const char *original_name(const struct link_map *map)
{
	return map->l_name && *map->l_name ? map->l_name : audit_search_env()->program;
}

/*
 * Before glibc 2.35 ld.so asks also when no object does (another auditor, dlmopen with an absolute name), and the cookie is
 * then that of a link map at address 0. Later ones do not ask, so nothing is answered.
 */
static int nobody_asks(const uintptr_t *cookie)
{
	return (uintptr_t)cookie < 4096;
}

EXPORT char *la_objsearch(const char *name, uintptr_t *cookie, unsigned int flag)
{
	if (nobody_asks(cookie))
		return (char *)name;
	const struct link_map *by = (const struct link_map *)*cookie;

	if (replaying && flag == LA_SER_ORIG)
		return (char *)audit_answer_name(by, original_name(by), name);
	if (replaying)
		return (char *)audit_answer_candidate(by, original_name(by), name, flag);
	if (recording) {
		audit_record_search(original_name(by), name, flag);
		audit_record_count(DLFM_COUNT_MISS);
	}
	return (char *)name;
}

EXPORT unsigned int la_objopen(struct link_map *map, Lmid_t lmid, uintptr_t *cookie)
{
	unsigned what = started ? 0 : DLFM_OBJECT_STARTUP;

	(void)lmid;
	*cookie = (uintptr_t)map;
	if (!map->l_name || !*map->l_name)
		what |= DLFM_OBJECT_MAIN;
	if (replaying)
		audit_answer_mapped(map);
	if (replaying && !audit_names_restore(audit_answer_image(), map, cookie))
		audit_answer_opened(map);
	if (recording)
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
