# SPDX-License-Identifier: BSD-3-Clause
# DLFM_DIRECTORIES: where things go that automake has no directory for.
#   injectexecdir  the two injected objects: $(pkglibdir). (Automake allows no pkglib_PROGRAMS.)
#   helperexecdir  programs that only DLFM starts: $(libexecdir)/dlfm
#   spankexecdir   the Slurm plugin: --with-spank-dir, else $(libdir)/slurm
#   pbshookdir     the PBS hook and its configuration: $(datadir)/dlfm/pbs
# "exec" in a name makes it part of install-exec.
AC_DEFUN([DLFM_DIRECTORIES], [
	AC_ARG_WITH([spank-dir], [AS_HELP_STRING([--with-spank-dir=DIR],
		[where the Slurm plugin goes (default: LIBDIR/slurm)])], [spankexecdir=$withval],
		[spankexecdir='$(libdir)/slurm'])
	AC_SUBST([injectexecdir], ['$(pkglibdir)'])
	AC_SUBST([helperexecdir], ['$(libexecdir)/dlfm'])
	AC_SUBST([spankexecdir])
	AC_SUBST([pbshookdir], ['$(datadir)/dlfm/pbs'])
	AC_SUBST([DLFM_PARTS])
	AC_SUBST([dlfm_abs_top_srcdir], [`cd "$srcdir" && pwd`])
])
