/* SPDX-License-Identifier: BSD-3-Clause */
/* The user's own settings that have a say in what DLFM does. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "cache-tools/doctor/doctor.h"
#include "libdlfm/environment.h"

static int is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

void doctor_check_environment(struct doctor *d)
{
	const unsigned before = d->n_level[DOCTOR_WARN];
	const char *disable = getenv(DLFM_ENV_DISABLE);

	if (disable && *disable && strcmp(disable, "0") != 0)
		doctor_add(d, DOCTOR_WARN, "environment", "unset it to use DLFM",
			   "%s is set: nothing is recorded or replayed", DLFM_ENV_DISABLE);
	if (is_set("LD_AUDIT"))
		doctor_add(d, DOCTOR_WARN, "environment",
			   "unset it if it is not needed; if it rewrites names, the layer dl "
			   "stands aside",
			   "LD_AUDIT is set: another auditor sees what ld.so looks up (%.300s)",
			   getenv("LD_AUDIT"));
	if (is_set("LD_PRELOAD"))
		doctor_add(d, DOCTOR_WARN, "environment",
			   "unset it if it is not needed; DLFM's object is put in front of it",
			   "LD_PRELOAD is set: other objects see what programs look up (%.300s)",
			   getenv("LD_PRELOAD"));
	if (d->n_level[DOCTOR_WARN] == before)
		doctor_add(d, DOCTOR_OK, "environment", NULL,
			   "nothing is set that DLFM would have to live with");
}
