/* SPDX-License-Identifier: BSD-3-Clause */
/* The findings, and the order of the checks. */
#include "config.h"

#include "cache-tools/doctor/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void doctor_add(struct doctor *d, enum doctor_level level, const char *what, const char *advice,
		const char *why, ...)
{
	struct doctor_finding *more = reallocarray(d->findings, d->n + 1, sizeof(*more)), *f;
	va_list ap;

	d->n_level[level]++;
	if (!more) {
		d->no_memory = 1;
		return;
	}
	d->findings = more;
	f = &more[d->n++];
	f->level = level;
	f->what = what;
	snprintf(f->advice, sizeof(f->advice), "%s", advice ? advice : "");
	va_start(ap, why);
	vsnprintf(f->why, sizeof(f->why), why, ap);
	va_end(ap);
}

void doctor_free(struct doctor *d)
{
	free(d->findings);
	d->findings = NULL;
}

void doctor_check_all(struct doctor *d)
{
	doctor_check_libc(d);
	doctor_check_static_tls(d);
	doctor_check_objects(d);
	doctor_check_injection(d);
	doctor_check_environment(d);
	doctor_check_slurm(d); /* before memory: it may name the directories */
	doctor_check_pbs(d);
	doctor_check_memory(d);
	doctor_check_containers(d);
	doctor_check_self(d);
}
