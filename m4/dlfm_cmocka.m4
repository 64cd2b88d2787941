# SPDX-License-Identifier: BSD-3-Clause
# DLFM_CMOCKA: cmocka for the unit tests; --without-cmocka. Sets CMOCKA_CFLAGS, CMOCKA_LIBS.
AC_DEFUN([DLFM_CMOCKA], [
	AC_ARG_WITH([cmocka], [AS_HELP_STRING([--without-cmocka], [leave out the unit tests])], [],
		[with_cmocka=check])
	dlfm_no_cmocka=
	AS_IF([test "x$with_cmocka" = xno], [dlfm_no_cmocka="--without-cmocka"], [
		PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1], [], [dlfm_no_cmocka="no cmocka.pc: libcmocka-dev"])
		AS_IF([test -n "$dlfm_no_cmocka" && test "$with_cmocka" != check], [AC_MSG_ERROR([$dlfm_no_cmocka])])
	])
	DLFM_PART([unit], [unit tests], ["$dlfm_no_cmocka"])
])
