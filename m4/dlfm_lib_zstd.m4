# SPDX-License-Identifier: BSD-3-Clause
# DLFM_LIB_ZSTD: sets ZSTD_CFLAGS and ZSTD_LIBS. Required.
AC_DEFUN([DLFM_LIB_ZSTD], [
	PKG_CHECK_MODULES([ZSTD], [libzstd >= 1.3.8], [],
		[AC_MSG_ERROR([zstd is missing or too old (need libzstd >= 1.3.8): apt-get install libzstd-dev])])
])
