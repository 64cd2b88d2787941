/* SPDX-License-Identifier: BSD-3-Clause */
/* Recording: ld.so's searches and the objects that it maps, into the journal. */
#include "libdlfm/audit/record.h"

#include <link.h>
#include <string.h>

#include "libdlfm/audit/process.h"
#include "libdlfm/environment.h"

static struct dlfm_journal *journal;
static int misses_only; /* replay */
static int missed;	/* a search went to the file system and its object is not mapped yet */

int audit_record_start(uint32_t flags)
{
	const char *dir = audit_getenv(DLFM_ENV_JOURNAL);
	const struct dlfm_search_env *env;

	if (!dir || dir[0] != '/')
		return 0;
	env = audit_search_env();
	const struct dlfm_journal_process process = {
		.layer = DLFM_LAYER_DL,
		.flags = flags,
		.hwcaps = env->hwcaps,
		.ld_cache = dlfm_ld_cache_state(),
		.ld_library_path = env->ld_library_path,
		.tunables = env->tunables,
	};
	journal = dlfm_journal_open(dir, &process);
	misses_only = (flags & DLFM_JOURNAL_REPLAY) != 0;
	return journal != NULL;
}

void audit_record_search(const char *requester, const char *name, unsigned flag)
{
	if (!journal)
		return;
	missed = 1;
	const size_t name_len = strlen(name), requester_len = strlen(requester);

	if (flag == LA_SER_ORIG)
		dlfm_journal_add(journal, DLFM_REC_SEARCH, 0, 0, requester, requester_len, name,
				 name_len);
	else
		dlfm_journal_add(journal, DLFM_REC_TRY, 0, (int)flag, name, name_len, requester,
				 requester_len);
}

void audit_record_object(const char *path, unsigned what)
{
	if (!journal || (misses_only && !missed))
		return;
	missed = 0;
	dlfm_journal_add(journal, DLFM_REC_OBJECT, what, 0, path, strlen(path), NULL, 0);
}

void audit_record_count(enum dlfm_counter which)
{
	dlfm_journal_count(journal, which);
}
