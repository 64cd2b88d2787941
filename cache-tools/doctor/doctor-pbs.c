/* SPDX-License-Identifier: BSD-3-Clause */
/* PBS: the resource that users name, and the hook that acts on it. */
#include "config.h"

#include <string.h>

#include "cache-tools/doctor/doctor.h"

static const char set_up[] = "run dlfm-pbs-setup on the server's host, see dlfm-pbs(8)";

static void check_hook(struct doctor *d)
{
	static const char *const argv[] = {"qmgr", "-c", "list hook dlfm", NULL};
	static struct doctor_output o;

	doctor_run(&o, argv, NULL);
	if (o.status != 0 && strstr(o.text, "nauthorized"))
		doctor_add(d, DOCTOR_OK, "PBS", NULL,
			   "the resource dlfm is defined; only a PBS manager may look at the hook");
	else if (o.status != 0)
		doctor_add(d, DOCTOR_FAIL, "PBS", set_up,
			   "the resource dlfm is defined, but there is no hook dlfm: qsub -l dlfm= "
			   "has no effect");
	else if (!strstr(o.text, "enabled = True") && !strstr(o.text, "enabled = true"))
		doctor_add(d, DOCTOR_FAIL, "PBS", "qmgr -c \"set hook dlfm enabled = true\"",
			   "the hook dlfm is switched off: qsub -l dlfm= has no effect");
	else
		doctor_add(d, DOCTOR_OK, "PBS", NULL,
			   "the resource dlfm is defined, the hook is enabled");
}

void doctor_check_pbs(struct doctor *d)
{
	static const char *const argv[] = {"qmgr", "-c", "list resource dlfm", NULL};
	static struct doctor_output o;

	if (!doctor_has_program("qmgr")) {
		doctor_add(d, DOCTOR_SKIP, "PBS", NULL, "qmgr is not on PATH");
		return;
	}
	doctor_run(&o, argv, NULL);
	if (o.status == 0)
		check_hook(d);
	else if (strstr(o.text, "nknown resource"))
		doctor_add(d, DOCTOR_WARN, "PBS", set_up,
			   "the resource dlfm is not defined: qsub refuses -l dlfm=");
	else
		doctor_add(d, DOCTOR_WARN, "PBS", "run dlfm doctor where PBS's commands work",
			   "qmgr fails: %.200s", doctor_first_line(&o));
}
