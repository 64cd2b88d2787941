# SPDX-License-Identifier: BSD-3-Clause
# DLFM_SUMMARY: says of each part whether it is built, and why not.
AC_DEFUN([DLFM_SUMMARY], [
	AS_ECHO(["
DLFM $PACKAGE_VERSION for $host, built with $CC
$dlfm_summary

  prefix                  $prefix
  injected objects in     \$(libdir)/dlfm
  Python of the scripts   $PYTHON
"])
])
