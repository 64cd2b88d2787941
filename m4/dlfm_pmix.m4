# SPDX-License-Identifier: BSD-3-Clause
# DLFM_PMIX: PMIx for the staging helper; --with-pmix[=DIR], --without-pmix. Sets PMIX_CPPFLAGS, PMIX_LIBS.
# The helper needs libcrypto too: after DLFM_LIB_CRYPTO.
AC_DEFUN([DLFM_PMIX], [
	AC_ARG_WITH([pmix], [AS_HELP_STRING([--with-pmix@<:@=DIR@:>@],
		[PMIx, installed in DIR (default: by pkg-config or the system's directories)])], [], [with_pmix=check])
	dlfm_no_pmix=
	AS_CASE([$with_pmix],
	[no], [dlfm_no_pmix="--without-pmix"],
	[yes|check], [
		PKG_CHECK_MODULES([PMIX], [pmix >= 3.1], [PMIX_CPPFLAGS=$PMIX_CFLAGS],
			[PMIX_CPPFLAGS= PMIX_LIBS=-lpmix])
	], [
		PMIX_CPPFLAGS=-I$with_pmix/include
		PMIX_LIBS="-L$with_pmix/lib -Wl,-rpath,$with_pmix/lib -lpmix"
	])
	# Debian's pmix.pc asks for DT_RUNPATH; see DLFM_TOOLS_RPATH.
	PMIX_LIBS=`AS_ECHO(["$PMIX_LIBS"]) | sed 's/-Wl,--enable-new-dtags//g'`
	AS_IF([test -z "$dlfm_no_pmix"], [
		save_CPPFLAGS=$CPPFLAGS
		save_LIBS=$LIBS
		CPPFLAGS="$CPPFLAGS $PMIX_CPPFLAGS"
		LIBS="$PMIX_LIBS $LIBS"
		AC_MSG_CHECKING([whether a PMIx program can be linked])
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <pmix.h>]], [[pmix_proc_t p; PMIx_Init(&p, NULL, 0);]])],
			[AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no]); dlfm_no_pmix="no pmix.h and libpmix: libpmix-dev, or --with-pmix=DIR"])
		CPPFLAGS=$save_CPPFLAGS
		LIBS=$save_LIBS
		dlfm_no_pmix=${dlfm_no_pmix:-$dlfm_no_crypto}
		AS_IF([test -n "$dlfm_no_pmix" && test "$with_pmix" != check], [AC_MSG_ERROR([$dlfm_no_pmix])])
	])
	AC_SUBST([PMIX_CPPFLAGS])
	AC_SUBST([PMIX_LIBS])
	DLFM_PART([pmix], [PMIx staging helper], ["$dlfm_no_pmix"])
])
