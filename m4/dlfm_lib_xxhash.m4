# SPDX-License-Identifier: BSD-3-Clause
# DLFM_LIB_XXHASH: sets XXHASH_CFLAGS and XXHASH_LIBS. Required.
AC_DEFUN([DLFM_LIB_XXHASH], [
	PKG_CHECK_MODULES([XXHASH], [libxxhash >= 0.8.0], [],
		[AC_MSG_ERROR([xxhash is missing or too old (need libxxhash >= 0.8.0): apt-get install libxxhash-dev])])
])
