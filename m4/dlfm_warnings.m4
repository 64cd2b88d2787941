# SPDX-License-Identifier: BSD-3-Clause
# DLFM_WARNINGS: sets WARN_CFLAGS to those of our warning flags that the compiler knows; --enable-werror makes
# warnings errors.
AC_DEFUN([DLFM_WARNINGS], [
	AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [compiler warnings are errors])], [],
		[enable_werror=no])
	WARN_CFLAGS=
	for flag in -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
		-Wwrite-strings -Wformat=2; do
		AC_MSG_CHECKING([whether $CC accepts $flag])
		save_CFLAGS=$CFLAGS
		CFLAGS="$CFLAGS -Werror $flag"
		AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
			[AC_MSG_RESULT([yes]); AS_VAR_APPEND([WARN_CFLAGS], [" $flag"])],
			[AC_MSG_RESULT([no])])
		CFLAGS=$save_CFLAGS
	done
	AS_IF([test "x$enable_werror" = xyes], [AS_VAR_APPEND([WARN_CFLAGS], [" -Werror"])])
	AC_SUBST([WARN_CFLAGS])
])
