/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spares the file system ld.so's question whether a directory exists.
 *
 * When a candidate cannot be opened, ld.so (open_path in elf/dl-load.c, glibc 2.17 to 2.42) asks
 * stat(2) once for each directory of a search path and each of its hwcaps subdirectories: 200
 * requests a process with 50 directories, for any name that is not found in the first. The name
 * that it asks for is the candidate's own buffer on ld.so's stack, cut behind the directory. When
 * the image knows the answer, the start of the buffer is made "/" (it exists) or "" (it does not),
 * which the kernel answers from nothing; what stood there is put back when ld.so comes with the
 * buffer again.
 */
#ifndef DLFM_AUDIT_PROBE_H
#define DLFM_AUDIT_PROBE_H

/*
 * Decides whether that may be done in this process: not when another auditor sees the names before
 * this one, nor when LD_DEBUG would print them.
 */
void audit_probe_start(void);
/* To be called with every candidate first: puts back what the last call of audit_probe_answer()
 * changed. */
void audit_probe_restore(const char *candidate);
/* The coming question for the candidate's directory is to be answered with yes or no. */
void audit_probe_answer(const char *candidate, unsigned flag, int directory_exists);

#endif
