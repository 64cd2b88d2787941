# SPDX-License-Identifier: BSD-3-Clause
# DLFM_FUZZER: sets FUZZ_CC to a compiler with libFuzzer and its sanitizers (clang with compiler-rt), empty if there is
# none; FUZZ_CPPFLAGS and FUZZ_LIBS to what the harnesses of tests/fuzz need beside.
AC_DEFUN([DLFM_FUZZER], [
	AC_ARG_VAR([FUZZ_CC], [compiler with -fsanitize=fuzzer, for tests/fuzz (default: clang)])
	AS_IF([test -z "$FUZZ_CC"], [AC_PATH_PROG([FUZZ_CC], [clang], [])])
	AC_MSG_CHECKING([for libFuzzer])
	cat >conftest.c <<'END'
#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return size > 9 && data@<:@0@:>@ == 'x' ? -1 : 0; }
END
	AS_IF([test -n "$FUZZ_CC" && $FUZZ_CC -fsanitize=fuzzer,address,undefined -o conftest.fuzz conftest.c \
		>&AS_MESSAGE_LOG_FD 2>&1], [], [FUZZ_CC=])
	rm -f conftest.c conftest.fuzz
	AC_MSG_RESULT([${FUZZ_CC:-no}])
	FUZZ_CPPFLAGS="$JSON_C_CFLAGS $ZSTD_CFLAGS $XXHASH_CFLAGS $CRYPTO_CFLAGS $PMIX_CPPFLAGS $SLURM_CPPFLAGS"
	FUZZ_LIBS="$JSON_C_LIBS $ZSTD_LIBS $XXHASH_LIBS $CRYPTO_LIBS -lpthread"
	AC_SUBST([FUZZ_CPPFLAGS])
	AC_SUBST([FUZZ_LIBS])
])
