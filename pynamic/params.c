/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of parameters: parsing, limits, texts. Help, manifest and checks all read this one
 * table. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "pynamic/params.h"

#define FIELD(name) offsetof(struct pyn_params, name)

static const char *const search_words[] = {"origin", "origin-rpath", "runpath",
					   "rpath",  "environment",  NULL};
static const char *const soname_words[] = {"plain", "versioned", "none", NULL};
static const char *const kind_words[] = {"arith", "float", "loop", "branch", "table", "text", NULL};

const struct pyn_param_option pyn_param_options[] = {
	{"seed", 's', PYN_COUNT, FIELD(seed), 0, UINT64_MAX, NULL, "N", "seed of all randomness"},
	{"modules", 'm', PYN_COUNT, FIELD(modules), 1, 9999, NULL, "N", "Python extension modules"},
	{"functions", 'f', PYN_COUNT, FIELD(functions), 1, 100000, NULL, "N",
	 "functions of a module on average"},
	{"utilities", 'u', PYN_COUNT, FIELD(utilities), 0, 9999, NULL, "N",
	 "utility libraries, which modules call"},
	{"utility-functions", 'U', PYN_COUNT, FIELD(utility_functions), 1, 100000, NULL, "N",
	 "functions of a utility library on average"},
	{"spread", 0, PYN_COUNT, FIELD(spread), 0, 90, NULL, "PERCENT",
	 "the numbers of functions vary by this much around the average"},
	{"depth", 'd', PYN_COUNT, FIELD(depth), 1, 10000, NULL, "N",
	 "call depth: a module's entry calls every N-th function, each calls the next"},
	{"cross-calls", 'e', PYN_FLAG, FIELD(cross_calls), 0, 1, NULL, NULL,
	 "modules call functions of other modules"},
	{"coverage", 'c', PYN_COUNT, FIELD(coverage), 1, 100, NULL, "PERCENT",
	 "part of the functions that a run visits"},
	{"name-padding", 'n', PYN_COUNT, FIELD(name_padding), 0, 2000, NULL, "N",
	 "characters added to every function's name"},
	{"print", 'p', PYN_FLAG, FIELD(print), 0, 1, NULL, NULL, "every function prints its name"},
	{"body", 0, PYN_RANGE, FIELD(body_min), 0, 1000, NULL, "MIN:MAX",
	 "statements of a function"},
	{"kinds", 0, PYN_SET, FIELD(kinds), 0, 0, kind_words, "LIST", "kinds of these statements"},
	{"links", 0, PYN_COUNT, FIELD(links), 0, 9999, NULL, "N",
	 "utility libraries that a module is linked with; 0: all"},
	{"cxx", 0, PYN_COUNT, FIELD(cxx), 0, 100, NULL, "PERCENT",
	 "utility libraries that are written in C++"},
	{"data", 0, PYN_SIZE, FIELD(data), 0, 1 << 30, NULL, "BYTES",
	 "initialised data of a library on average"},
	{"bss", 0, PYN_SIZE, FIELD(bss), 0, 1 << 30, NULL, "BYTES",
	 "zeroed data of a library on average"},
	{"tls", 0, PYN_SIZE, FIELD(tls), 0, 1 << 20, NULL, "BYTES",
	 "static (initial-exec) TLS of a library"},
	{"tls-libraries", 0, PYN_COUNT, FIELD(tls_libraries), 0, 9999, NULL, "N",
	 "utility libraries that have such TLS"},
	{"soname", 0, PYN_CHOICE, FIELD(soname), 0, 0, soname_words, "WORD",
	 "sonames of the utility libraries"},
	{"search", 0, PYN_CHOICE, FIELD(search), 0, 0, search_words, "WORD",
	 "how the loader finds libraries"},
	{"path-depth", 0, PYN_COUNT, FIELD(path_depth), 1, 1000, NULL, "N",
	 "directories in PYTHONPATH"},
	{"library-path-depth", 0, PYN_COUNT, FIELD(library_path_depth), 1, 1000, NULL, "N",
	 "directories in the libraries' search path"},
	{"packages", 0, PYN_COUNT, FIELD(packages), 0, 999, NULL, "N", "pure-Python packages"},
	{"package-modules", 0, PYN_COUNT, FIELD(package_modules), 1, 9999, NULL, "N",
	 "modules of a package"},
	{"package-depth", 0, PYN_COUNT, FIELD(package_depth), 1, 20, NULL, "N",
	 "nesting of a package"},
	{"package-functions", 0, PYN_COUNT, FIELD(package_functions), 1, 1000, NULL, "N",
	 "functions of such a module on average"},
	{NULL, 0, PYN_FLAG, 0, 0, 0, NULL, NULL, NULL},
};

static uint64_t *field(struct pyn_params *p, size_t offset)
{
	return (uint64_t *)(void *)((char *)p + offset);
}

static uint64_t value(const struct pyn_params *p, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)p + offset);
}

/* A decimal number; with `units`, K, M or G may follow. *end is set behind it; -1 if there is none
 * or it overflows. */
static int parse_number(const char *text, int units, uint64_t *number, const char **end)
{
	char *stop;
	unsigned shift = 0;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*number = strtoull(text, &stop, 10);
	if (errno != 0)
		return -1;
	if (units && *stop != '\0') {
		shift = *stop == 'K' ? 10 : *stop == 'M' ? 20 : *stop == 'G' ? 30 : 0;
		if (shift == 0 || *number > UINT64_MAX >> shift)
			return -1;
		stop++;
	}
	*number <<= shift;
	*end = stop;
	return 0;
}

static int set_number(struct pyn_params *p, const struct pyn_param_option *o, const char *text,
		      struct dlfm_error *e)
{
	const char *end;
	uint64_t n;

	if (parse_number(text, o->type == PYN_SIZE, &n, &end) != 0 || *end != '\0' || n < o->min ||
	    n > o->max)
		return dlfm_errf(e, "--%s=%s: give a number from %" PRIu64 " to %" PRIu64 "%s",
				 o->name, text, o->min, o->max,
				 o->type == PYN_SIZE ? " (K, M, G may follow)" : "");
	*field(p, o->offset) = n;
	return 0;
}

static int set_range(struct pyn_params *p, const struct pyn_param_option *o, const char *text,
		     struct dlfm_error *e)
{
	const char *end;
	uint64_t low, high;

	if (parse_number(text, 0, &low, &end) != 0)
		goto fail;
	high = low;
	if (*end == ':' && parse_number(end + 1, 0, &high, &end) != 0)
		goto fail;
	if (*end != '\0' || low < o->min || high > o->max || low > high)
		goto fail;
	field(p, o->offset)[0] = low;
	field(p, o->offset)[1] = high;
	return 0;
fail:
	return dlfm_errf(e, "--%s=%s: give two numbers MIN:MAX from %" PRIu64 " to %" PRIu64,
			 o->name, text, o->min, o->max);
}

static void list_words(const char *const *words, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; words[i] && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", words[i]);
}

static int find_word(const char *const *words, const char *text, size_t length)
{
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0)
			return i;
	return -1;
}

static int set_words(struct pyn_params *p, const struct pyn_param_option *o, const char *text,
		     struct dlfm_error *e)
{
	const char *rest = text;
	uint64_t bits = 0;
	char known[200];
	int word;

	for (;;) {
		size_t length = o->type == PYN_SET ? strcspn(rest, ",") : strlen(rest);

		word = find_word(o->words, rest, length);
		if (word < 0)
			break;
		bits |= 1ULL << word;
		rest += length;
		if (*rest == '\0') {
			*field(p, o->offset) = o->type == PYN_SET ? bits : (uint64_t)word;
			return 0;
		}
		rest++;
	}
	list_words(o->words, known, sizeof known);
	return dlfm_errf(e, "--%s=%s: %s: %s", o->name, text,
			 o->type == PYN_SET ? "give a list, with commas, of" : "give one of",
			 known);
}

int pyn_param_set(struct pyn_params *p, const struct pyn_param_option *o, const char *text,
		  struct dlfm_error *e)
{
	switch (o->type) {
	case PYN_COUNT:
	case PYN_SIZE:
		return set_number(p, o, text, e);
	case PYN_RANGE:
		return set_range(p, o, text, e);
	case PYN_CHOICE:
	case PYN_SET:
		return set_words(p, o, text, e);
	case PYN_FLAG:
		break;
	}
	*field(p, o->offset) = 1;
	return 0;
}

void pyn_param_text(const struct pyn_params *p, const struct pyn_param_option *o, char *text,
		    size_t size)
{
	uint64_t v = value(p, o->offset);
	size_t used = 0;

	switch (o->type) {
	case PYN_RANGE:
		snprintf(text, size, "%" PRIu64 ":%" PRIu64, v, value(p, o->offset + sizeof v));
		return;
	case PYN_CHOICE:
		snprintf(text, size, "%s", o->words[v]);
		return;
	case PYN_SET:
		text[0] = '\0';
		for (unsigned i = 0; o->words[i] && used < size; i++)
			if (v >> i & 1)
				used += (size_t)snprintf(text + used, size - used, "%s%s",
							 used ? "," : "", o->words[i]);
		return;
	default:
		snprintf(text, size, "%" PRIu64, v);
	}
}

int pyn_params_check(const struct pyn_params *p, struct dlfm_error *e)
{
	uint64_t functions = p->modules * p->functions + p->utilities * p->utility_functions;

	if (functions > 20000000)
		return dlfm_errf(
			e, "%" PRIu64 " functions in all: more than 20000000 are not generated",
			functions);
	if (p->utilities == 0 && p->cxx > 0 && p->cxx < 100)
		return dlfm_errf(e, "--cxx needs utility libraries: add --utilities=N");
	if (p->tls > 0 && p->tls_libraries > p->utilities)
		return dlfm_errf(e,
				 "--tls-libraries=%" PRIu64 ": there are only %" PRIu64
				 " utility libraries",
				 p->tls_libraries, p->utilities);
	if (p->links > p->utilities)
		return dlfm_errf(
			e, "--links=%" PRIu64 ": there are only %" PRIu64 " utility libraries",
			p->links, p->utilities);
	if (p->packages * p->package_modules > 200000)
		return dlfm_errf(e, "%" PRIu64 " Python files: more than 200000 are not generated",
				 p->packages * p->package_modules);
	return 0;
}
