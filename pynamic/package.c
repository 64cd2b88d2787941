/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pure-Python packages: the metadata traffic of real applications. A package has modules on several
 * levels of subpackages, which import one another, and a .dist-info directory. visit() of each
 * module adds to the checksum.
 */
#include <stdio.h>
#include <string.h>

#include "pynamic/random.h"
#include "pynamic/tree.h"

enum { DOMAIN_PACKAGE = 0x5059, DOMAIN_IMPORT };

struct place {
	unsigned package, module;
	char file[PYN_PATH_SIZE]; /* below mod/dNN/ */
	char name[PYN_PATH_SIZE]; /* pyn_p000.s1.m0001 */
};

/* The directory (with `separator` "/") or package (".") of a level: pyn_p000/s1/s2. */
static void level_name(char *text, size_t size, unsigned package, unsigned level,
		       const char *separator)
{
	size_t used = (size_t)snprintf(text, size, "pyn_p%03u", package);

	for (unsigned i = 1; i <= level && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%ss%u", separator, i);
}

static void place_module(struct place *at, const struct pyn_params *p, unsigned package,
			 unsigned module)
{
	char directory[PYN_PATH_SIZE - 16], dotted[PYN_PATH_SIZE - 16];
	unsigned level = module % (unsigned)p->package_depth;

	at->package = package;
	at->module = module;
	level_name(directory, sizeof directory, package, level, "/");
	level_name(dotted, sizeof dotted, package, level, ".");
	snprintf(at->file, sizeof at->file, "%s/m%04u.py", directory, module);
	snprintf(at->name, sizeof at->name, "%s.m%04u", dotted, module);
}

static int save_below_mod(struct pyn_model *m, const struct pyn_text *t, unsigned package,
			  const char *file, int dirfd, struct dlfm_error *e)
{
	char path[2 * PYN_PATH_SIZE];

	snprintf(path, sizeof path, "mod/d%02u/%s", package % (unsigned)m->params.path_depth, file);
	m->counts.bytes += t->length;
	return pyn_save(t, dirfd, path, e) < 0 ? -1 : 0;
}

/* One function: C text of Python, and the value for the given h. */
static uint64_t put_function(struct pyn_text *t, unsigned number, struct pyn_random *r, uint64_t h)
{
	uint64_t factor = pyn_next(r) | 1, mask = pyn_next(r);
	unsigned rounds = pyn_between(r, 1, 4), shift = pyn_between(r, 20, 40);

	pyn_put(t, "\n\ndef f");
	pyn_put_number(t, number);
	pyn_put(t, "(h):\n    \"\"\"Mixes h, a number of 64 bits, in ");
	pyn_put_number(t, rounds);
	pyn_put(t, " rounds.\"\"\"\n    for i in range(");
	pyn_put_number(t, rounds);
	pyn_put(t, "):\n        h = ((h ^ ");
	pyn_put_hex(t, mask);
	pyn_put(t, ") * ");
	pyn_put_hex(t, factor);
	pyn_put(t, " + i) & MASK\n        h ^= h >> ");
	pyn_put_number(t, shift);
	pyn_put(t, "\n    return h\n");
	for (unsigned i = 0; i < rounds; i++) {
		h = (h ^ mask) * factor + i;
		h ^= h >> shift;
	}
	return h;
}

static void put_import(struct pyn_text *t, const struct pyn_params *p, const struct place *at)
{
	struct pyn_random r = {
		pyn_key(pyn_key(p->seed, DOMAIN_IMPORT, at->package), 0, at->module)};
	struct place other;

	if (at->module == 0)
		return;
	place_module(&other, p, at->package, pyn_below(&r, at->module));
	pyn_puts(t, "import ", other.name, "\n\n", (char *)NULL);
}

static void put_module(struct pyn_text *t, struct pyn_model *m, const struct place *at)
{
	struct pyn_random r = {
		pyn_key(pyn_key(m->params.seed, DOMAIN_PACKAGE, at->package), 0, at->module)};
	uint64_t start = pyn_next(&r), h = start;
	unsigned average = (unsigned)m->params.package_functions;
	unsigned count = (average + 1) / 2 + pyn_below(&r, average + 1);

	pyn_puts(t, "\"\"\"", at->name, ": made by pynamic.\"\"\"\n", (char *)NULL);
	put_import(t, &m->params, at);
	pyn_put(t, "MASK = 0xffffffffffffffff\n");
	for (unsigned i = 0; i < count; i++)
		h = put_function(t, i, &r, h);
	pyn_put(t,
		"\n\ndef visit():\n    \"\"\"Calls every function of this module.\"\"\"\n    h = ");
	pyn_put_hex(t, start);
	for (unsigned i = 0; i < count; i++) {
		pyn_put(t, "\n    h = f");
		pyn_put_number(t, i);
		pyn_put(t, "(h)");
	}
	pyn_put(t, "\n    return h\n");
	m->checksum += h;
}

static int save_modules(struct pyn_model *m, int dirfd, unsigned package, struct pyn_text *t,
			struct pyn_text *names, struct dlfm_error *e)
{
	struct place at;

	for (unsigned i = 0; i < m->params.package_modules; i++) {
		place_module(&at, &m->params, package, i);
		pyn_text_clear(t);
		put_module(t, m, &at);
		if (save_below_mod(m, t, package, at.file, dirfd, e) != 0)
			return -1;
		m->counts.python_files++;
		if (names)
			pyn_puts(names, names->length ? ", \"" : "\"", at.name, "\"", (char *)NULL);
	}
	return 0;
}

static int save_inits(struct pyn_model *m, int dirfd, unsigned package, struct pyn_text *t,
		      struct dlfm_error *e)
{
	char dotted[PYN_PATH_SIZE], directory[PYN_PATH_SIZE], file[PYN_PATH_SIZE + 16];

	for (unsigned level = 0; level < m->params.package_depth; level++) {
		level_name(dotted, sizeof dotted, package, level, ".");
		level_name(directory, sizeof directory, package, level, "/");
		snprintf(file, sizeof file, "%s/__init__.py", directory);
		pyn_text_clear(t);
		pyn_puts(t, "\"\"\"", dotted, ": made by pynamic.\"\"\"\n__version__ = \"1.0\"\n",
			 (char *)NULL);
		if (save_below_mod(m, t, package, file, dirfd, e) != 0)
			return -1;
		m->counts.python_files++;
	}
	return 0;
}

static int save_metadata(struct pyn_model *m, int dirfd, unsigned package, struct pyn_text *t,
			 struct dlfm_error *e)
{
	char name[PYN_PATH_SIZE], file[PYN_PATH_SIZE + 32];

	level_name(name, sizeof name, package, 0, "");
	snprintf(file, sizeof file, "%s-1.0.dist-info/METADATA", name);
	pyn_text_clear(t);
	pyn_puts(t, "Metadata-Version: 2.1\nName: ", name,
		 "\nVersion: 1.0\nSummary: made by pynamic\n", (char *)NULL);
	return save_below_mod(m, t, package, file, dirfd, e);
}

int pyn_packages_save(struct pyn_model *m, int dirfd, struct pyn_text *names, struct dlfm_error *e)
{
	struct pyn_text t = {0};
	int rv = 0;

	for (unsigned p = 0; p < m->params.packages && rv == 0; p++)
		if (save_inits(m, dirfd, p, &t, e) != 0 ||
		    save_modules(m, dirfd, p, &t, names, e) != 0 ||
		    save_metadata(m, dirfd, p, &t, e) != 0)
			rv = -1;
	pyn_text_free(&t);
	return rv;
}
