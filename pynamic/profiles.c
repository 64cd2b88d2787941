/* SPDX-License-Identifier: BSD-3-Clause */
/* The profiles by name: whose loading they emulate, and where their figures come from. */
#include <string.h>

#include "pynamic/params.h"

#define ALL_KINDS ((1u << PYN_KINDS) - 1)

/* What no profile changes; the call depth is the paper's and LLNL Pynamic's default. */
#define COMMON .seed = 1, .depth = 10, .coverage = 100, .kinds = (1u << PYN_KINDS) - 1

/* What some leave out. */
#define SHALLOW .path_depth = 1, .library_path_depth = 1
#define NO_PACKAGES                                                                                \
	.packages = 0, .package_modules = 10, .package_depth = 2, .package_functions = 12

const struct pyn_profile pyn_profiles[] = {
	{"default",
	 "10 modules of 100 functions, no utility libraries; to be shaped by options",
	 {COMMON, SHALLOW, NO_PACKAGES, .modules = 10, .functions = 100, .utility_functions = 100,
	  .spread = 50, .body_min = 1, .body_max = 4}},
	/* Small, and with something of everything. */
	{"small",
	 "a few libraries of every sort, for tests",
	 {COMMON,
	  .modules = 6,
	  .functions = 30,
	  .utilities = 5,
	  .utility_functions = 30,
	  .spread = 50,
	  .cross_calls = 1,
	  .name_padding = 20,
	  .body_min = 1,
	  .body_max = 6,
	  .links = 3,
	  .cxx = 20,
	  .data = 8192,
	  .bss = 8192,
	  .tls = 64,
	  .tls_libraries = 2,
	  .soname = PYN_SONAME_VERSIONED,
	  .search = PYN_SEARCH_ORIGIN,
	  .path_depth = 3,
	  .library_path_depth = 3,
	  .packages = 2,
	  .package_modules = 6,
	  .package_depth = 2,
	  .package_functions = 4}},
	/* The application of the paper; in LLNL's options, as run at NERSC: 495 1850 -e -u 215 1850
	   -n 100. */
	{"multiphysics",
	 "the paper's: 280 modules and 215 utility libraries of 1850 functions",
	 {COMMON, SHALLOW, NO_PACKAGES, .modules = 280, .functions = 1850, .utilities = 215,
	  .utility_functions = 1850, .spread = 50, .cross_calls = 1, .name_padding = 100,
	  .body_min = 1, .body_max = 4, .soname = PYN_SONAME_PLAIN,
	  .search = PYN_SEARCH_ENVIRONMENT}},
	/* An electronic-structure code in Python: many small files of Python, some large C and C++
	   libraries. */
	{"gpaw-like",
	 "GPAW's: 110 modules, 30 libraries (some C++), 1100 Python files, deep search paths",
	 {COMMON,
	  .modules = 110,
	  .functions = 60,
	  .utilities = 30,
	  .utility_functions = 500,
	  .spread = 60,
	  .name_padding = 12,
	  .body_min = 1,
	  .body_max = 12,
	  .links = 4,
	  .cxx = 15,
	  .data = 32768,
	  .bss = 16384,
	  .tls = 128,
	  .tls_libraries = 2,
	  .soname = PYN_SONAME_VERSIONED,
	  .search = PYN_SEARCH_ORIGIN,
	  .path_depth = 6,
	  .library_path_depth = 12,
	  .packages = 44,
	  .package_modules = 25,
	  .package_depth = 3,
	  .package_functions = 16}},
	/* The run of the DLFM report's figure 2: a few libraries of about the same size. */
	{"figure2",
	 "the DLFM report's figure 2: 10 libraries, about 9 MB in all",
	 {COMMON, SHALLOW, NO_PACKAGES, .modules = 10, .functions = 940, .utility_functions = 100,
	  .spread = 20, .name_padding = 20, .body_min = 1, .body_max = 4,
	  .soname = PYN_SONAME_PLAIN, .search = PYN_SEARCH_ENVIRONMENT}},
	{NULL, NULL, {0}},
};

const struct pyn_profile *pyn_profile_find(const char *name)
{
	for (const struct pyn_profile *p = pyn_profiles; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}
