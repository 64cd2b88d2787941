/* SPDX-License-Identifier: BSD-3-Clause */
/* What an ELF file says of itself, read without loading it (elf(5)). */
#include "config.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/doctor/doctor.h"
#include "libdlfm/version.h"

enum { MAX_FILE = 256 << 20 };

struct elf {
	unsigned char *bytes;
	size_t size;
	const Elf64_Ehdr *head;
};

/* The bytes of a part of the file, NULL if it does not lie inside. */
static const void *part(const struct elf *elf, uint64_t offset, uint64_t size)
{
	if (offset > elf->size || size > elf->size - offset || offset % 4)
		return NULL;
	return elf->bytes + offset;
}

static int open_elf(struct elf *elf, const char *path)
{
	uint64_t size;
	int fd = dlfm_cache_open_regular(path, &size, NULL);

	*elf = (struct elf){.bytes = NULL};
	if (fd < 0)
		return -1;
	if (size <= MAX_FILE)
		elf->bytes = malloc(size + 1);
	if (elf->bytes && dlfm_read_at(fd, elf->bytes, size, 0) == (ssize_t)size)
		elf->size = size;
	close(fd);
	elf->head = part(elf, 0, sizeof(*elf->head));
	if (elf->head && memcmp(elf->head->e_ident, ELFMAG, SELFMAG) == 0 &&
	    elf->head->e_ident[EI_CLASS] == ELFCLASS64 &&
	    elf->head->e_phentsize == sizeof(Elf64_Phdr))
		return 0;
	free(elf->bytes);
	return -1;
}

static const Elf64_Phdr *segment(const struct elf *elf, unsigned i)
{
	return i < elf->head->e_phnum
		       ? part(elf, elf->head->e_phoff + i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr))
		       : NULL;
}

/* The notes of a segment, one after the other. */
static int note_in(const struct elf *elf, const Elf64_Phdr *ph, char *text, size_t size)
{
	uint64_t at = ph->p_offset, end = ph->p_offset + ph->p_filesz;
	const Elf64_Nhdr *n;
	const char *name, *desc;

	while (end <= elf->size && at + sizeof(*n) <= end && (n = part(elf, at, sizeof(*n)))) {
		uint64_t desc_at = at + sizeof(*n) + ((n->n_namesz + 3ull) & ~3ull);

		name = part(elf, at + sizeof(*n), n->n_namesz);
		desc = part(elf, desc_at, n->n_descsz);
		if (!name || !desc)
			return -1;
		if (n->n_type == DLFM_NOTE_VERSION && n->n_namesz == sizeof(DLFM_NOTE_NAME) &&
		    memcmp(name, DLFM_NOTE_NAME, sizeof(DLFM_NOTE_NAME)) == 0) {
			snprintf(text, size, "%.*s", (int)n->n_descsz, desc);
			return 0;
		}
		at = desc_at + ((n->n_descsz + 3ull) & ~3ull);
	}
	return -1;
}

int doctor_elf_version(const char *path, char *text, unsigned long size)
{
	const Elf64_Phdr *ph;
	struct elf elf;
	int rc = -1;
	unsigned i;

	if (open_elf(&elf, path) < 0)
		return -1;
	for (i = 0; rc < 0 && (ph = segment(&elf, i)); i++)
		if (ph->p_type == PT_NOTE)
			rc = note_in(&elf, ph, text, size);
	free(elf.bytes);
	return rc;
}

int doctor_elf_interpreter(const char *path, char *text, unsigned long size)
{
	const Elf64_Phdr *ph;
	const char *name;
	struct elf elf;
	int rc = -1;
	unsigned i;

	if (open_elf(&elf, path) < 0)
		return -1;
	for (i = 0; rc < 0 && (ph = segment(&elf, i)); i++) {
		name = ph->p_type == PT_INTERP ? part(&elf, ph->p_offset, ph->p_filesz) : NULL;
		if (!name || ph->p_filesz == 0 || ph->p_filesz > size || name[ph->p_filesz - 1])
			continue;
		memcpy(text, name, ph->p_filesz);
		rc = 0;
	}
	free(elf.bytes);
	return rc;
}

/* Where an address of the loaded object stands in the file. */
static int word_at(const struct elf *elf, uint64_t address, uint32_t *value)
{
	const Elf64_Phdr *ph;
	const uint32_t *word;
	unsigned i;

	for (i = 0; (ph = segment(elf, i)); i++) {
		if (ph->p_type != PT_LOAD || address < ph->p_vaddr ||
		    address - ph->p_vaddr >= ph->p_filesz)
			continue;
		word = part(elf, ph->p_offset + (address - ph->p_vaddr), sizeof(*word));
		if (!word)
			return -1;
		*value = *word;
		return 0;
	}
	return -1;
}

static int find_in(const struct elf *elf, const Elf64_Shdr *table, const char *name,
		   uint32_t *value)
{
	const Elf64_Sym *symbols = part(elf, table->sh_offset, table->sh_size);
	const Elf64_Shdr *strings =
		part(elf, elf->head->e_shoff + table->sh_link * sizeof(*strings), sizeof(*strings));
	uint64_t i;

	if (!symbols || !strings || strings->sh_offset > elf->size ||
	    strings->sh_size > elf->size - strings->sh_offset)
		return -1;
	for (i = 0; i < table->sh_size / sizeof(*symbols); i++) {
		const char *s = (const char *)elf->bytes + strings->sh_offset + symbols[i].st_name;

		if (symbols[i].st_name < strings->sh_size &&
		    strnlen(s, strings->sh_size - symbols[i].st_name) == strlen(name) &&
		    strncmp(s, name, strlen(name)) == 0)
			return word_at(elf, symbols[i].st_value, value);
	}
	return -1;
}

int doctor_elf_word(const char *path, const char *symbol, uint32_t *value)
{
	const Elf64_Shdr *s;
	struct elf elf;
	int rc = -1;
	unsigned i;

	if (open_elf(&elf, path) < 0)
		return -1;
	for (i = 0; rc < 0 && i < elf.head->e_shnum; i++) {
		s = part(&elf, elf.head->e_shoff + i * sizeof(*s), sizeof(*s));
		if (s && s->sh_type == SHT_DYNSYM)
			rc = find_in(&elf, s, symbol, value);
	}
	free(elf.bytes);
	return rc;
}
