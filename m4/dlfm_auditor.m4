# SPDX-License-Identifier: BSD-3-Clause
# DLFM_AUDITOR: sets AUDITOR_CFLAGS to what this compiler needs to make an object without any library. On aarch64 atomic
# operations would call libgcc's, which choose by a constructor that asks libc.
AC_DEFUN([DLFM_AUDITOR], [
	AUDITOR_CFLAGS=
	AC_MSG_CHECKING([whether $CC accepts -mno-outline-atomics])
	save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS -Werror -mno-outline-atomics"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes]); AUDITOR_CFLAGS=-mno-outline-atomics], [AC_MSG_RESULT([no])])
	CFLAGS=$save_CFLAGS
	AC_SUBST([AUDITOR_CFLAGS])
])
