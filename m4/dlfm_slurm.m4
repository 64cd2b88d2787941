# SPDX-License-Identifier: BSD-3-Clause
# DLFM_SLURM: Slurm's headers for the SPANK plugin; --with-slurm[=DIR], --without-slurm. Sets SLURM_CPPFLAGS, SLURM_LDFLAGS.
AC_DEFUN([DLFM_SLURM], [
	AC_ARG_WITH([slurm], [AS_HELP_STRING([--with-slurm@<:@=DIR@:>@],
		[Slurm, whose include/slurm/spank.h is in DIR (default: the system's)])], [], [with_slurm=check])
	dlfm_no_slurm=
	SLURM_CPPFLAGS=
	SLURM_LDFLAGS=
	AS_CASE([$with_slurm],
	[no], [dlfm_no_slurm="--without-slurm"],
	[yes|check], [],
	[SLURM_CPPFLAGS=-I$with_slurm/include
	 SLURM_LDFLAGS=-L$with_slurm/lib
	 AS_IF([test ! -f "$with_slurm/include/slurm/spank.h"],
		[dlfm_no_slurm="no $with_slurm/include/slurm/spank.h"])])
	AS_IF([test "x$with_slurm" != xno && test -n "$dlfm_no_slurm"], [AC_MSG_ERROR([$dlfm_no_slurm])])
	AS_IF([test -z "$dlfm_no_slurm"], [
		save_CPPFLAGS=$CPPFLAGS
		CPPFLAGS="$CPPFLAGS $SLURM_CPPFLAGS"
		AC_CHECK_HEADER([slurm/spank.h], [],
			[dlfm_no_slurm="no slurm/spank.h: libslurm-dev, or --with-slurm=DIR"])
		CPPFLAGS=$save_CPPFLAGS
		AS_IF([test -n "$dlfm_no_slurm" && test "$with_slurm" != check], [AC_MSG_ERROR([$dlfm_no_slurm])])
	])
	AC_SUBST([SLURM_CPPFLAGS])
	AC_SUBST([SLURM_LDFLAGS])
	DLFM_PART([slurm], [Slurm plugin], ["$dlfm_no_slurm"])
])
