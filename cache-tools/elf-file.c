/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers of an ELF file, 64-bit (elf(5)). */
#include "config.h"

#include "cache-tools/elf-file.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/cache-file.h"

#if defined(__x86_64__)
#define NATIVE_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define NATIVE_MACHINE EM_AARCH64
#else
#define NATIVE_MACHINE EM_NONE
#endif

enum { MAX_SEGMENTS = 256 };

static int is_native(const Elf64_Ehdr *h)
{
	const unsigned char data = BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;

	return h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == data &&
	       h->e_machine == NATIVE_MACHINE && h->e_phentsize == sizeof(Elf64_Phdr);
}

static void find_tls(struct dlfm_elf *elf, int fd, const Elf64_Ehdr *h)
{
	Elf64_Phdr segment;
	unsigned i;

	for (i = 0; i < h->e_phnum && i < MAX_SEGMENTS; i++) {
		uint64_t at = h->e_phoff + i * sizeof(segment);

		if (at > INT64_MAX ||
		    dlfm_read_at(fd, &segment, sizeof(segment), at) != sizeof(segment))
			return;
		if (segment.p_type != PT_TLS || segment.p_memsz > (1u << 30))
			continue;
		elf->tls_align =
			segment.p_align > 1 && segment.p_align <= 65536 ? segment.p_align : 1;
		elf->tls = (segment.p_memsz + elf->tls_align - 1) / elf->tls_align * elf->tls_align;
	}
}

int dlfm_elf_read(struct dlfm_elf *elf, int fd)
{
	Elf64_Ehdr h;

	*elf = (struct dlfm_elf){.type = ET_NONE};
	if (dlfm_read_at(fd, &h, sizeof(h), 0) != sizeof(h) ||
	    memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
		return -1;
	elf->type = h.e_type;
	elf->native = is_native(&h);
	if (elf->native)
		find_tls(elf, fd, &h);
	return 0;
}

int dlfm_elf_read_path(struct dlfm_elf *elf, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc;

	if (fd < 0)
		return -1;
	rc = dlfm_elf_read(elf, fd);
	close(fd);
	return rc;
}
