# SPDX-License-Identifier: BSD-3-Clause
# DLFM_PYNAMIC: the Pynamic benchmark; --without-pynamic. After DLFM_PYTHON_EMBED.
AC_DEFUN([DLFM_PYNAMIC], [
	AC_ARG_WITH([pynamic], [AS_HELP_STRING([--without-pynamic], [leave out the Pynamic benchmark])], [],
		[with_pynamic=yes])
	dlfm_no_pynamic=
	AS_IF([test "x$with_pynamic" = xno], [dlfm_no_pynamic="--without-pynamic"],
		[test -z "$PYTHON"], [dlfm_no_pynamic="no python3"])
	DLFM_PART([pynamic], [Pynamic], ["$dlfm_no_pynamic"])
	dlfm_no_launcher=${dlfm_no_pynamic:-$dlfm_no_embed}
	DLFM_PART([launcher], [Pynamic launcher], ["$dlfm_no_launcher"])
])
