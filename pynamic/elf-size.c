/* SPDX-License-Identifier: BSD-3-Clause */
/* A small reader of ELF section headers (elf(5)); everything it reads is checked against the file's
 * size. */
#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pynamic/elf-size.h"

struct file {
	const unsigned char *bytes;
	uint64_t size;
};

struct table {
	uint64_t offset, entry_size, count, names; /* names: index of the section of names */
};

/* One section header, of either class. */
static int read_section(const struct file *f, const struct table *t, uint64_t index, int is64,
			Elf64_Shdr *s)
{
	uint64_t at = t->offset + index * t->entry_size;
	Elf32_Shdr narrow;

	if (index >= t->count || at > f->size || f->size - at < t->entry_size)
		return -1;
	if (is64) {
		memcpy(s, f->bytes + at, sizeof *s);
		return 0;
	}
	memcpy(&narrow, f->bytes + at, sizeof narrow);
	*s = (Elf64_Shdr){.sh_name = narrow.sh_name,
			  .sh_type = narrow.sh_type,
			  .sh_flags = narrow.sh_flags,
			  .sh_offset = narrow.sh_offset,
			  .sh_size = narrow.sh_size,
			  .sh_link = narrow.sh_link};
	return 0;
}

static int read_table(const struct file *f, int is64, struct table *t)
{
	Elf64_Shdr first;

	if (is64) {
		Elf64_Ehdr h;

		memcpy(&h, f->bytes, sizeof h);
		*t = (struct table){h.e_shoff, h.e_shentsize, h.e_shnum, h.e_shstrndx};
	} else {
		Elf32_Ehdr h;

		memcpy(&h, f->bytes, sizeof h);
		*t = (struct table){h.e_shoff, h.e_shentsize, h.e_shnum, h.e_shstrndx};
	}
	if (t->offset == 0)
		return 0;
	if (t->entry_size < (is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
		return -1;
	/* Large counts stand in the first section (elf(5), e_shnum, e_shstrndx). */
	if (t->count == 0) {
		t->count = 1;
		if (read_section(f, t, 0, is64, &first) != 0)
			return -1;
		t->count = first.sh_size;
	}
	if (t->names == SHN_XINDEX) {
		if (read_section(f, t, 0, is64, &first) != 0)
			return -1;
		t->names = first.sh_link;
	}
	return 0;
}

static int is_debug(const struct file *f, const Elf64_Shdr *names, const Elf64_Shdr *s)
{
	uint64_t at = names->sh_offset + s->sh_name;

	return at < f->size && f->size - at > 6 && memcmp(f->bytes + at, ".debug", 6) == 0;
}

static void add_section(const struct file *f, const struct table *t, int is64,
			const Elf64_Shdr *names, const Elf64_Shdr *s, struct pyn_elf_size *size)
{
	Elf64_Shdr strings;

	if ((s->sh_flags & SHF_ALLOC) && s->sh_type != SHT_NOBITS) {
		*(s->sh_flags & SHF_WRITE ? &size->data : &size->text) += s->sh_size;
	} else if (is_debug(f, names, s)) {
		size->debug += s->sh_size;
	} else if (s->sh_type == SHT_SYMTAB) {
		size->symbols += s->sh_size;
		if (read_section(f, t, s->sh_link, is64, &strings) == 0)
			size->strings += strings.sh_size;
	}
}

static int add_sections(const struct file *f, struct pyn_elf_size *size)
{
	int is64 = f->bytes[EI_CLASS] == ELFCLASS64;
	struct table t;
	Elf64_Shdr names, s;

	if (f->size < (is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) ||
	    read_table(f, is64, &t) != 0)
		return -1;
	if (t.offset == 0)
		return 0;
	if (read_section(f, &t, t.names, is64, &names) != 0)
		return -1;
	for (uint64_t i = 0; i < t.count; i++) {
		if (read_section(f, &t, i, is64, &s) != 0)
			return -1;
		add_section(f, &t, is64, &names, &s, size);
	}
	return 0;
}

static int is_elf(const struct file *f)
{
	const unsigned char byte_order =
		__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;

	return f->size >= EI_NIDENT && memcmp(f->bytes, ELFMAG, SELFMAG) == 0 &&
	       f->bytes[EI_DATA] == byte_order;
}

int pyn_elf_size(const char *path, struct pyn_elf_size *size, struct dlfm_error *e)
{
	struct file f = {0};
	struct stat st;
	void *map;
	int rv = 1, fd = open(path, O_RDONLY | O_CLOEXEC);

	*size = (struct pyn_elf_size){0};
	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			close(fd);
		return dlfm_errnof(e, "%s: cannot be opened", path);
	}
	size->file = f.size = (uint64_t)st.st_size;
	if (!S_ISREG(st.st_mode) || f.size < EI_NIDENT) {
		close(fd);
		return 1;
	}
	map = mmap(NULL, f.size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return dlfm_errnof(e, "%s: cannot be mapped", path);
	f.bytes = map;
	if (is_elf(&f))
		rv = add_sections(&f, size) == 0 ? 0 : dlfm_errf(e, "%s: a damaged ELF file", path);
	munmap(map, f.size);
	return rv;
}
