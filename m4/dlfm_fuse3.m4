# SPDX-License-Identifier: BSD-3-Clause
# DLFM_FUSE3: libfuse3 for the bench's file system; --without-fuse3. Sets FUSE3_CFLAGS, FUSE3_LIBS.
AC_DEFUN([DLFM_FUSE3], [
	AC_ARG_WITH([fuse3], [AS_HELP_STRING([--without-fuse3], [leave out the bench's file system])], [],
		[with_fuse3=check])
	dlfm_no_fuse3=
	AS_IF([test "x$with_fuse3" = xno], [dlfm_no_fuse3="--without-fuse3"], [
		PKG_CHECK_MODULES([FUSE3], [fuse3 >= 3.12], [], [dlfm_no_fuse3="no fuse3 >= 3.12: libfuse3-dev"])
		AS_IF([test -n "$dlfm_no_fuse3" && test "$with_fuse3" != check], [AC_MSG_ERROR([$dlfm_no_fuse3])])
	])
	DLFM_PART([slowfs], [bench file system], ["$dlfm_no_fuse3"])
])
