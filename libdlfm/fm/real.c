/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The real functions, found in the dynamic symbol tables of the objects behind this one.
 *
 * Why not dlsym(RTLD_NEXT): its symbol moved from libdl.so.2 to libc.so.6 in glibc 2.34, so one
 * object cannot be linked with it for old and new alike; it may call malloc, which may be the
 * program's, which may open files. Hash table formats: System V gABI, chapter 5, and DT_GNU_HASH as
 * ld.so reads it (elf/dl-lookup.c).
 */
#include "libdlfm/fm/fm.h"

#include <elf.h>
#include <link.h>
#include <string.h>

struct fm_real fm_real;

struct symbols { /* one object's dynamic symbols */
	ElfW(Addr) base;
	const ElfW(Sym) * table;
	const char *strings;
	const ElfW(Half) * versions;
	const uint32_t *gnu, *sysv; /* hash tables */
};

static const char *const names[] = {
#define X(result, name, params) #name,
	DLFM_FM_CALLS(X)
#undef X
};
enum { N_CALLS = sizeof(names) / sizeof(names[0]) };

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

static uint32_t sysv_hash(const char *name)
{
	uint32_t h = 0, high;

	for (; *name; name++) {
		h = (h << 4) + (unsigned char)*name;
		high = h & 0xf0000000u;
		h = (h ^ high >> 24) & ~high;
	}
	return h;
}

enum { OTHER, OLD_VERSION, DEFAULT_VERSION };

/* Whether a symbol defines the function, and whether by the version that a new program would be
 * linked with. */
static int matches(const struct symbols *s, uint32_t i, const char *name)
{
	const ElfW(Sym) *sym = &s->table[i];
	unsigned type = sym->st_info & 0xf, binding = sym->st_info >> 4;

	if (sym->st_shndx == SHN_UNDEF || type != STT_FUNC ||
	    (binding != STB_GLOBAL && binding != STB_WEAK) ||
	    !fm_same(s->strings + sym->st_name, name))
		return OTHER;
	if (!s->versions)
		return DEFAULT_VERSION;
	if ((s->versions[i] & 0x7fff) == VER_NDX_LOCAL)
		return OTHER;
	return s->versions[i] & 0x8000 ? OLD_VERSION : DEFAULT_VERSION;
}

/* Remembers the better of two candidates; nonzero when there is no better one. */
static int better(const struct symbols *s, uint32_t i, const char *name, void **best)
{
	int match = matches(s, i, name);

	if (match != OTHER)
		*best = (void *)(s->base + s->table[i].st_value);
	return match == DEFAULT_VERSION;
}

static void *find_by_gnu_hash(const struct symbols *s, const char *name)
{
	const uint32_t n_buckets = s->gnu[0], first = s->gnu[1], n_words = s->gnu[2],
		       h = gnu_hash(name);
	const ElfW(Addr) *bloom = (const void *)&s->gnu[4];
	const uint32_t *buckets = (const void *)&bloom[n_words], *chain = &buckets[n_buckets];
	const uint32_t bits = sizeof(ElfW(Addr)) * 8;
	const ElfW(Addr) word = bloom[h / bits & (n_words - 1)];
	void *best = NULL;
	uint32_t i;

	if (!(word >> h % bits & word >> (h >> s->gnu[3]) % bits & 1) || !n_buckets)
		return NULL;
	i = buckets[h % n_buckets];
	if (i < first)
		return NULL;
	for (;; i++) {
		if ((chain[i - first] | 1) == (h | 1) && better(s, i, name, &best))
			break;
		if (chain[i - first] & 1)
			break;
	}
	return best;
}

static void *find_by_sysv_hash(const struct symbols *s, const char *name)
{
	const uint32_t n_buckets = s->sysv[0], *buckets = &s->sysv[2], *chain = &buckets[n_buckets];
	void *best = NULL;
	uint32_t i;

	if (!n_buckets)
		return NULL;
	for (i = buckets[sysv_hash(name) % n_buckets]; i != STN_UNDEF; i = chain[i])
		if (better(s, i, name, &best))
			break;
	return best;
}

/* ld.so relocates most addresses of a dynamic section in place, but not those of the vDSO. */
static const void *address(const struct symbols *s, const ElfW(Dyn) * d)
{
	return (const void *)(d->d_un.d_ptr < s->base ? s->base + d->d_un.d_ptr : d->d_un.d_ptr);
}

static int read_symbols(struct symbols *s, const struct dl_phdr_info *info)
{
	const ElfW(Dyn) *d = NULL;
	int i;

	*s = (struct symbols){.base = info->dlpi_addr};
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			d = (const void *)(s->base + info->dlpi_phdr[i].p_vaddr);
	for (; d && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_SYMTAB)
			s->table = address(s, d);
		else if (d->d_tag == DT_STRTAB)
			s->strings = address(s, d);
		else if (d->d_tag == DT_VERSYM)
			s->versions = address(s, d);
		else if (d->d_tag == DT_GNU_HASH)
			s->gnu = address(s, d);
		else if (d->d_tag == DT_HASH)
			s->sysv = address(s, d);
	}
	return s->table && s->strings && (s->gnu || s->sysv);
}

static int contains(const struct dl_phdr_info *info, const void *p)
{
	ElfW(Addr) at = (ElfW(Addr))p - info->dlpi_addr;
	int i;

	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && at >= info->dlpi_phdr[i].p_vaddr &&
		    at - info->dlpi_phdr[i].p_vaddr < info->dlpi_phdr[i].p_memsz)
			return 1;
	return 0;
}

struct search {
	void **slots;
	int behind; /* this object has been passed */
};

static int search_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct search *search = arg;
	struct symbols s;
	int i;

	(void)size;
	if (!search->behind) {
		search->behind = contains(info, &fm_real);
		return 0;
	}
	if (!read_symbols(&s, info))
		return 0;
	for (i = 0; i < N_CALLS; i++)
		if (!search->slots[i])
			search->slots[i] = s.gnu ? find_by_gnu_hash(&s, names[i])
						 : find_by_sysv_hash(&s, names[i]);
	return 0;
}

/* Stored at once when it is complete: another thread may use the table by now. */
void fm_find_real(void)
{
	union {
		struct fm_real real;
		void *slots[N_CALLS];
	} found = {.slots = {NULL}};
	struct search search = {.slots = found.slots};

	_Static_assert(sizeof(fm_real) == sizeof(found.slots), "one pointer a call");
	dl_iterate_phdr(search_object, &search);
	fm_fill_missing(&found.real);
	memcpy(&fm_real, &found.real, sizeof(fm_real));
}
