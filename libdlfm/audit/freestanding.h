/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Included before everything else in each file of dlfm-audit.so (-include): the object has no libc,
 * so the checking variants of its functions, which a distribution's compile flags ask for, must not
 * be called.
 */
#undef _FORTIFY_SOURCE

/* <link.h>'s auditing interface, O_PATH. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
