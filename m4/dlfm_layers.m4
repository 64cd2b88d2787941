# SPDX-License-Identifier: BSD-3-Clause
# DLFM_LAYERS: the injected objects and the command. The auditor is written for two processors and glibc's ld.so.
AC_DEFUN([DLFM_LAYERS], [
	dlfm_no_dl=
	AS_CASE([$host], [x86_64-*-linux-gnu|aarch64-*-linux-gnu], [],
		[dlfm_no_dl="the auditor knows x86_64 and aarch64 with glibc, this is $host"])
	DLFM_PART([dl], [dl layer], ["$dlfm_no_dl"])
	dlfm_no_fm=
	AS_CASE([$host], [*-linux-gnu*], [], [dlfm_no_fm="it knows Linux with glibc, this is $host"])
	DLFM_PART([fm], [fm layer], ["$dlfm_no_fm"])
	dlfm_no_tools=
	DLFM_PART([tools], [cache tools], ["$dlfm_no_tools"])
])
