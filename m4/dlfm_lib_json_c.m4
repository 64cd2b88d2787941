# SPDX-License-Identifier: BSD-3-Clause
# DLFM_LIB_JSON_C: sets JSON_C_CFLAGS and JSON_C_LIBS. Required.
AC_DEFUN([DLFM_LIB_JSON_C], [
	PKG_CHECK_MODULES([JSON_C], [json-c >= 0.13], [],
		[AC_MSG_ERROR([json-c is missing or too old (need json-c >= 0.13): apt-get install libjson-c-dev])])
])
