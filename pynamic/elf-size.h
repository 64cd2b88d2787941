/* SPDX-License-Identifier: BSD-3-Clause */
/* The sizes of an ELF file's parts, as the paper's Table 3 counts them. */
#ifndef PYNAMIC_ELF_SIZE_H
#define PYNAMIC_ELF_SIZE_H

#include <stdint.h>

#include "cache-tools/error.h"

struct pyn_elf_size {
	uint64_t file; /* of the whole file */
	uint64_t text; /* loaded, not writable: code, constants, dynamic symbols (as size(1) counts)
			*/
	uint64_t data; /* loaded, writable, in the file */
	uint64_t debug;	  /* .debug* */
	uint64_t symbols; /* .symtab */
	uint64_t strings; /* .strtab */
};

/* Reads an ELF file of 32 or 64 bits and this machine's byte order. Returns 0; 1 if it is no such
 * file; -1 with a text. */
int pyn_elf_size(const char *path, struct pyn_elf_size *size, struct dlfm_error *e);

#endif
