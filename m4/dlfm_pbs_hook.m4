# SPDX-License-Identifier: BSD-3-Clause
# DLFM_PBS_HOOK: the PBS hook; --without-pbs-hook. It needs nothing to be built: PBS runs it with its own Python.
AC_DEFUN([DLFM_PBS_HOOK], [
	AC_ARG_WITH([pbs-hook], [AS_HELP_STRING([--without-pbs-hook], [leave out the PBS hook])], [],
		[with_pbs_hook=yes])
	dlfm_no_pbs=
	AS_IF([test "x$with_pbs_hook" = xno], [dlfm_no_pbs="--without-pbs-hook"])
	DLFM_PART([pbs], [PBS hook], ["$dlfm_no_pbs"])
])
