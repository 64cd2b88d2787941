/* SPDX-License-Identifier: BSD-3-Clause */
/* What pack must know of an ELF file: its kind, its machine, its thread-local storage. */
#ifndef DLFM_ELF_FILE_H
#define DLFM_ELF_FILE_H

#include <stdint.h>

struct dlfm_elf {
	uint16_t type; /* ET_DYN, ET_EXEC ... */
	int native;    /* of this machine: class, byte order, e_machine */
	uint64_t tls;  /* bytes of PT_TLS, rounded up to its alignment */
	uint64_t tls_align;
};

/* Reads the headers. 0, or -1: not an ELF file, or it cannot be read. */
int dlfm_elf_read(struct dlfm_elf *elf, int fd);
int dlfm_elf_read_path(struct dlfm_elf *elf, const char *path);

#endif
