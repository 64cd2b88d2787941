/* SPDX-License-Identifier: BSD-3-Clause */
/* What a generated application is like: the generator's parameters, their limits, and the profiles
 * by name. */
#ifndef PYNAMIC_PARAMS_H
#define PYNAMIC_PARAMS_H

#include <stdint.h>
#include <stdio.h>

#include "cache-tools/error.h"

/* How the loader finds the utility libraries. */
enum pyn_search {
	PYN_SEARCH_ORIGIN,	 /* DT_RUNPATH with $ORIGIN */
	PYN_SEARCH_ORIGIN_RPATH, /* DT_RPATH with $ORIGIN */
	PYN_SEARCH_RUNPATH,	 /* DT_RUNPATH, absolute */
	PYN_SEARCH_RPATH,	 /* DT_RPATH, absolute */
	PYN_SEARCH_ENVIRONMENT,	 /* LD_LIBRARY_PATH */
};

enum pyn_soname {
	PYN_SONAME_PLAIN,     /* libpyn_u0000.so */
	PYN_SONAME_VERSIONED, /* libpyn_u0000.so.1, a link to libpyn_u0000.so.1.0.0 */
	PYN_SONAME_NONE,      /* no DT_SONAME */
};

/* Kinds of statements in function bodies, a bit each. */
enum pyn_kind {
	PYN_KIND_ARITH,
	PYN_KIND_FLOAT,
	PYN_KIND_LOOP,
	PYN_KIND_BRANCH,
	PYN_KIND_TABLE,
	PYN_KIND_TEXT,
	PYN_KINDS
};

/* All fields are 64 bits wide, so that one table of options can set them. */
struct pyn_params {
	uint64_t seed;
	uint64_t modules, functions;	       /* Python modules; functions of one on average */
	uint64_t utilities, utility_functions; /* utility libraries; functions of one on average */
	uint64_t spread; /* numbers of functions vary by +- this many percent */
	uint64_t depth;	 /* of the chains of calls; also: the entry function calls every depth-th */
	uint64_t cross_calls;	     /* modules call one another */
	uint64_t coverage;	     /* percent of the functions that are visited */
	uint64_t name_padding;	     /* characters added to each function's name */
	uint64_t print;		     /* each function prints its name */
	uint64_t body_min, body_max; /* statements of a function */
	uint64_t kinds;		     /* bits: enum pyn_kind */
	uint64_t links;		     /* utility libraries that a module links with; 0: all */
	uint64_t cxx;		     /* percent of the utility libraries that are C++ */
	uint64_t data, bss;	     /* bytes of a library's data segment on average */
	uint64_t tls,
		tls_libraries; /* static TLS: bytes of a library, in that many utility libraries */
	uint64_t soname;       /* enum pyn_soname */
	uint64_t search;       /* enum pyn_search */
	uint64_t path_depth,
		library_path_depth; /* directories of PYTHONPATH, of the library path */
	uint64_t packages, package_modules,
		package_depth;	    /* pure Python: packages, modules of one, nesting */
	uint64_t package_functions; /* functions of such a module on average */
};

/* One parameter: its option, its place, its limits. The list ends with a NULL name. */
enum pyn_param_type { PYN_COUNT, PYN_SIZE, PYN_FLAG, PYN_CHOICE, PYN_SET, PYN_RANGE };

struct pyn_param_option {
	const char *name;
	char letter; /* LLNL Pynamic's letter for the same thing, or 0 */
	enum pyn_param_type type;
	size_t offset; /* of the (first) field */
	uint64_t min, max;
	const char *const *words; /* of choices and sets, NULL-terminated */
	const char *argument, *help;
};

extern const struct pyn_param_option pyn_param_options[];

/* Sets one parameter from an option's text (NULL for flags). Returns -1 with a text that names
 * option and limits. */
int pyn_param_set(struct pyn_params *p, const struct pyn_param_option *o, const char *text,
		  struct dlfm_error *e);

/* Checks what the single options cannot: sums, and what one parameter asks of another. */
int pyn_params_check(const struct pyn_params *p, struct dlfm_error *e);

/* The text of a parameter's value as pyn_param_set would take it. */
void pyn_param_text(const struct pyn_params *p, const struct pyn_param_option *o, char *text,
		    size_t size);

struct pyn_profile {
	const char *name, *about;
	struct pyn_params params;
};

/* The profiles; ends with a NULL name. The first is the default. */
extern const struct pyn_profile pyn_profiles[];

/* NULL if there is none of this name. */
const struct pyn_profile *pyn_profile_find(const char *name);

#endif
