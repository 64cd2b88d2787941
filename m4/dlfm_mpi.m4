# SPDX-License-Identifier: BSD-3-Clause
# DLFM_MPI: MPI for the MPI transport and Pynamic's launcher; --with-mpi[=MPICC], --without-mpi. The wrapper is asked for
# its flags, so that only the programs that use MPI are linked with it. Sets MPI_CPPFLAGS, MPI_LIBS.
AC_DEFUN([DLFM_MPI], [
	AC_ARG_WITH([mpi], [AS_HELP_STRING([--with-mpi@<:@=MPICC@:>@],
		[MPI, by its compiler wrapper (default: mpicc on PATH)])], [], [with_mpi=check])
	dlfm_no_mpi=
	AS_CASE([$with_mpi],
	[no], [dlfm_no_mpi="--without-mpi"],
	[yes|check], [AC_PATH_PROG([MPICC], [mpicc], [])],
	[MPICC=$with_mpi])
	AS_IF([test -z "$dlfm_no_mpi"], [
		AC_MSG_CHECKING([whether an MPI program can be linked])
		AS_IF([test -z "$MPICC"], [], [MPI_CPPFLAGS=`$MPICC -showme:compile 2>/dev/null`], [
			# OpenMPI's wrapper
			MPI_LIBS=`$MPICC -showme:link`
		], [
			# MPICH's and its kin: "-show" prints the whole command
			MPI_CPPFLAGS=`$MPICC -show -c 2>/dev/null | sed 's/^@<:@^ @:>@* *//; s/ -c\b//'`
			MPI_LIBS=`$MPICC -show 2>/dev/null | sed 's/^@<:@^ @:>@* *//'`
		])
		save_CPPFLAGS=$CPPFLAGS
		save_LIBS=$LIBS
		CPPFLAGS="$CPPFLAGS $MPI_CPPFLAGS"
		LIBS="$MPI_LIBS $LIBS"
		AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <mpi.h>]], [[MPI_Init(0, 0);]])],
			[AC_MSG_RESULT([yes])],
			[AC_MSG_RESULT([no]); dlfm_no_mpi="no mpicc that links: libopenmpi-dev, or --with-mpi=MPICC"])
		CPPFLAGS=$save_CPPFLAGS
		LIBS=$save_LIBS
		AS_IF([test -n "$dlfm_no_mpi" && test "$with_mpi" != check], [AC_MSG_ERROR([$dlfm_no_mpi])])
	])
	AC_SUBST([MPI_CPPFLAGS])
	AC_SUBST([MPI_LIBS])
	AM_CONDITIONAL([HAVE_MPI], [test -z "$dlfm_no_mpi"])
	dlfm_no_mpi_transport=${dlfm_no_mpi:-$dlfm_no_pmix}
	DLFM_PART([mpi], [MPI transport], ["$dlfm_no_mpi_transport"])
])
