# SPDX-License-Identifier: BSD-3-Clause
# DLFM_PYTHON_EMBED: libpython of $PYTHON, for Pynamic's launcher; --without-python-embed. Sets PYTHON_EMBED_CFLAGS,
# PYTHON_EMBED_LIBS, and dlfm_no_embed to the reason if there is none.
AC_DEFUN([DLFM_PYTHON_EMBED], [
	AC_ARG_WITH([python-embed], [AS_HELP_STRING([--without-python-embed],
		[do not look for libpython (Pynamic's launcher)])], [], [with_python_embed=check])
	dlfm_no_embed=
	AS_IF([test "x$with_python_embed" = xno], [dlfm_no_embed="--without-python-embed"], [
		dlfm_pyver=`$PYTHON -c 'import sys; print("%d.%d" % sys.version_info@<:@:2@:>@)' 2>/dev/null`
		PKG_CHECK_MODULES([PYTHON_EMBED], [python-$dlfm_pyver-embed], [],
			[dlfm_no_embed="no python-$dlfm_pyver-embed.pc: libpython3-dev"])
		AS_IF([test -n "$dlfm_no_embed" && test "$with_python_embed" != check],
			[AC_MSG_ERROR([$dlfm_no_embed])])
	])
])
