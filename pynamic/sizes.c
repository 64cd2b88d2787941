/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of section sizes: what the files here have, beside what was published. */
#define _GNU_SOURCE
#include <ftw.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include "pynamic/elf-size.h"
#include "pynamic/sizes.h"

struct column {
	const char *title, *source;
	double text, data, debug, symbols, strings, total; /* MB (1e6 bytes) as printed there */
};

/*
 * paper: Lee et al., "Pynamic: the Python Dynamic Benchmark", IISWC 2007, Table 3.
 * README: pynamic.README of LLNL's release 1.3.3: 900 libraries of 1250 functions, as an
 * application had in 2014.
 */
static const struct column published[] = {
	{"paper: application", "paper, Table 3 (quoted from memory)", 287, 9, 1100, 17, 92, 1505},
	{"paper: Pynamic", "paper, Table 3 (quoted from memory)", 665, 13, 1100, 36, 348, 2162},
	{"README: application", "pynamic.README 1.3.3", 619.4, 17.3, 1400, 44.4, 196.1, 2300},
	{"README: Pynamic", "pynamic.README 1.3.3", 694.6, 18.1, 1100, 45.6, 311.2, 2100},
};

#define PUBLISHED (sizeof published / sizeof published[0])

/* nftw(3) hands no argument on. */
static struct {
	struct pyn_elf_size sum;
	uint64_t files;
	struct dlfm_error *error;
} total;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	struct pyn_elf_size s;
	int rv;

	(void)walk;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return type == FTW_DNR || type == FTW_NS
			       ? dlfm_errf(total.error, "%s: cannot be read", path)
			       : 0;
	rv = pyn_elf_size(path, &s, total.error);
	if (rv != 0)
		return rv < 0 ? -1 : 0;
	total.files++;
	total.sum.file += s.file;
	total.sum.text += s.text;
	total.sum.data += s.data;
	total.sum.debug += s.debug;
	total.sum.symbols += s.symbols;
	total.sum.strings += s.strings;
	return 0;
}

static void print_json(void)
{
	const struct pyn_elf_size *s = &total.sum;

	printf("{\"schema\": \"pynamic-sizes/1\", \"files\": %" PRIu64 ", \"total\": %" PRIu64
	       ", \"text\": %" PRIu64 ", \"data\": %" PRIu64 ", \"debug\": %" PRIu64
	       ", \"symbol_table\": %" PRIu64 ", \"string_table\": %" PRIu64
	       ", \"published_mb\": [",
	       total.files, s->file, s->text, s->data, s->debug, s->symbols, s->strings);
	for (unsigned i = 0; i < PUBLISHED; i++) {
		const struct column *c = &published[i];

		printf("%s{\"what\": \"%s\", \"source\": \"%s\", \"text\": %g, \"data\": %g, "
		       "\"debug\": %g, "
		       "\"symbol_table\": %g, \"string_table\": %g, \"total\": %g}",
		       i ? ", " : "", c->title, c->source, c->text, c->data, c->debug, c->symbols,
		       c->strings, c->total);
	}
	printf("]}\n");
}

static void print_row(const char *name, uint64_t bytes, size_t offset)
{
	printf("%-13s %10.1f", name, (double)bytes / 1e6);
	for (unsigned i = 0; i < PUBLISHED; i++)
		printf(" %12.1f",
		       *(const double *)(const void *)((const char *)&published[i] + offset));
	printf("\n");
}

static void print_table(void)
{
	const struct pyn_elf_size *s = &total.sum;

	printf("Table 3: section sizes, MB\n%-13s %10s %25s %25s\n%-13s %10s", "", "this tree",
	       "paper (2007) [1]", "LLNL's README (2014) [2]", "", "");
	for (unsigned i = 0; i < PUBLISHED; i++)
		printf(" %12s", i % 2 ? "Pynamic" : "application");
	printf("\n");
	print_row("text", s->text, offsetof(struct column, text));
	print_row("data", s->data, offsetof(struct column, data));
	print_row("debug", s->debug, offsetof(struct column, debug));
	print_row("symbol table", s->symbols, offsetof(struct column, symbols));
	print_row("string table", s->strings, offsetof(struct column, strings));
	print_row("total (files)", s->file, offsetof(struct column, total));
	printf("%" PRIu64
	       " ELF files. Text is all that is loaded and not writable, as size(1) counts.\n"
	       "[1] 495 libraries; Table 3 quoted from memory: check "
	       "doi:10.1109/IISWC.2007.4362185 before citing.\n"
	       "[2] pynamic.README 1.3.3: 900 libraries.\n",
	       total.files);
}

int pyn_sizes(char *const *paths, int json, struct dlfm_error *e)
{
	total.error = e;
	e->text[0] = '\0';
	for (; *paths; paths++)
		if (nftw(*paths, add_file, 32, FTW_PHYS) != 0)
			return e->text[0] ? -1 : dlfm_errnof(e, "%s: cannot be listed", *paths);
	if (total.files == 0)
		return dlfm_errf(e, "no ELF files there; build the tree first (pynamic build)");
	if (json)
		print_json();
	else
		print_table();
	return 0;
}
