/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts and paths, without libc. */
#ifndef DLFM_AUDIT_PATH_H
#define DLFM_AUDIT_PATH_H

#include <stddef.h>

int text_begins(const char *s, const char *prefix);
/* Is s the first n bytes of `whole`? s may be shorter than n. */
int text_is(const char *s, const char *whole, size_t n);
int text_has(const char *s, char c);
/* Writes a number in decimal and a NUL; `to` has room for 11 bytes. */
void text_number(char *to, unsigned n);

/* What follows the last slash. */
const char *path_base(const char *path);
/* Is the path strictly below this directory (of n bytes, without a slash at its end)? */
int path_is_below(const char *path, const char *dir, size_t n);
/* Puts together dir (n bytes), "/" unless dir ends in one, and name; -1 if `size` bytes are not
 * enough. */
int path_join(char *to, size_t size, const char *dir, size_t n, const char *name);
/* Is the file a shared object for this processor? It is opened and read. */
int path_is_library(const char *path);

#endif
