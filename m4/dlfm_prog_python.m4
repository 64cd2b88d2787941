# SPDX-License-Identifier: BSD-3-Clause
# DLFM_PROG_PYTHON: sets PYTHON, the interpreter of the project's scripts and tests. The system's own is preferred to
# the first on PATH, which may be a shim (pyenv, conda) without the modules that the tests import.
AC_DEFUN([DLFM_PROG_PYTHON], [
	AC_ARG_VAR([PYTHON], [Python 3 for scripts and tests (default: /usr/bin/python3)])
	AS_IF([test -z "$PYTHON"], [
		AS_IF([test -x /usr/bin/python3], [PYTHON=/usr/bin/python3],
			[AC_PATH_PROG([PYTHON], [python3], [])])
	])
	AC_MSG_CHECKING([for Python 3])
	AC_MSG_RESULT([${PYTHON:-none}])
])
