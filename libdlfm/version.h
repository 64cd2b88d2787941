/* SPDX-License-Identifier: BSD-3-Clause */
/* The ELF note of the injected objects. */
#ifndef DLFM_VERSION_H
#define DLFM_VERSION_H

#define DLFM_NOTE_NAME	  "DLFM"
#define DLFM_NOTE_VERSION 1 /* type: the text is the version of the package, with its NUL */

#endif
