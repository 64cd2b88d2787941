# SPDX-License-Identifier: BSD-3-Clause
# DLFM_LIB_CRYPTO: OpenSSL's libcrypto, with which the staging helper's nodes prove themselves to each other. Sets
# CRYPTO_CFLAGS, CRYPTO_LIBS and dlfm_no_crypto.
AC_DEFUN([DLFM_LIB_CRYPTO], [
	dlfm_no_crypto=
	PKG_CHECK_MODULES([CRYPTO], [libcrypto >= 1.1], [], [dlfm_no_crypto="no libcrypto.pc: libssl-dev"])
])
