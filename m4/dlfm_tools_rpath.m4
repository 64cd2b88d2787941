# SPDX-License-Identifier: BSD-3-Clause
# DLFM_TOOLS_RPATH: sets TOOLS_LDFLAGS for the programs that run in a user's environment: DT_RPATH with the directories of
# the libraries that they are linked with. Unlike DT_RUNPATH it goes before LD_LIBRARY_PATH (ld.so(8)): otherwise dlfm itself
# would search the user's 50 module directories on the shared file system for libc, once more on every node.
# --disable-tools-rpath for packagers whose rules forbid it.
AC_DEFUN([DLFM_TOOLS_RPATH], [
	AC_ARG_ENABLE([tools-rpath], [AS_HELP_STRING([--disable-tools-rpath],
		[let the programs search LD_LIBRARY_PATH for their own libraries])], [], [enable_tools_rpath=yes])
	TOOLS_LDFLAGS=
	AS_IF([test "x$enable_tools_rpath" = xyes], [
		AC_MSG_CHECKING([where the programs' libraries are])
		dlfm_dirs=
		for dlfm_word in $JSON_C_LIBS $ZSTD_LIBS $XXHASH_LIBS \
			-ljson-c -lzstd -lxxhash -lcrypto -lm libc.so.6; do
			AS_CASE([$dlfm_word],
			[-L*], [dlfm_dir=`echo "x$dlfm_word" | sed 's/^x-L//'`],
			[-l*], [dlfm_dir=`$CC -print-file-name=lib\`echo "x$dlfm_word" | sed 's/^x-l//'\`.so`],
			[dlfm_dir=`$CC -print-file-name=$dlfm_word`])
			AS_IF([test -f "$dlfm_dir"], [dlfm_dir=`readlink -f "$dlfm_dir"` dlfm_dir=`dirname "$dlfm_dir"`])
			AS_CASE([:$dlfm_dirs:$dlfm_dir], [*:"$dlfm_dir":*], [],
				[*:/*], [AS_IF([test -d "$dlfm_dir"], [dlfm_dirs=${dlfm_dirs:+$dlfm_dirs:}$dlfm_dir])])
		done
		AC_MSG_RESULT([$dlfm_dirs])
		AS_IF([test -n "$dlfm_dirs"], [TOOLS_LDFLAGS="-Wl,--disable-new-dtags -Wl,-rpath,$dlfm_dirs"])
	])
	AC_SUBST([TOOLS_LDFLAGS])
])
