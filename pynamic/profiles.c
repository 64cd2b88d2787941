/* SPDX-License-Identifier: BSD-3-Clause */
/* The profiles by name: whose loading they emulate, and where their figures come from. */
#include <string.h>

#include "pynamic/params.h"

#define ALL_KINDS ((1u << PYN_KINDS) - 1)

/* What a profile does not name; the call depth and the spread are LLNL Pynamic's. */
#define COMMON                                                                                                         \
	.seed = 1, .spread = 50, .depth = 10, .coverage = 100, .body_min = 1, .body_max = 4, .kinds = ALL_KINDS,       \
	.path_depth = 1, .library_path_depth = 1, .package_modules = 10, .package_depth = 2, .package_functions = 12,  \
	.tls_libraries = 0, .utility_functions = 100

const struct pyn_profile pyn_profiles[] = {
	{"default", "10 modules of 100 functions, no utility libraries; to be shaped by options",
	 {COMMON, .modules = 10, .functions = 100}},
	/* Small, and with something of everything. */
	{"small", "a few libraries of every sort, for tests",
	 {COMMON, .modules = 6, .functions = 30, .utilities = 5, .utility_functions = 30, .cross_calls = 1,
	  .name_padding = 20, .links = 3, .cxx = 20, .data = 8192, .bss = 8192, .tls = 64, .tls_libraries = 2,
	  .soname = PYN_SONAME_VERSIONED, .search = PYN_SEARCH_ORIGIN, .path_depth = 3, .library_path_depth = 3,
	  .packages = 2, .package_modules = 6, .package_depth = 2, .package_functions = 4}},
	/* The multiphysics application of the paper; as run at NERSC and for CORAL: 495 1850 -e -u 215 1850 -n 100. */
	{"multiphysics", "the paper's: 280 modules and 215 utility libraries of 1850 functions",
	 {COMMON, .modules = 280, .functions = 1850, .utilities = 215, .utility_functions = 1850, .cross_calls = 1,
	  .name_padding = 100, .body_min = 3, .body_max = 9, .soname = PYN_SONAME_PLAIN,
	  .search = PYN_SEARCH_ENVIRONMENT}},
	/* An electronic-structure code in Python: many small files of Python, some large C and C++ libraries. */
	{"gpaw-like", "GPAW's: 110 modules, 30 libraries (some C++), 1100 Python files, deep search paths",
	 {COMMON, .modules = 110, .functions = 60, .utilities = 30, .utility_functions = 500, .cross_calls = 0,
	  .name_padding = 12, .body_min = 2, .body_max = 12, .links = 4, .cxx = 15, .data = 32768, .bss = 16384,
	  .tls = 128, .tls_libraries = 2, .soname = PYN_SONAME_VERSIONED, .search = PYN_SEARCH_ORIGIN, .path_depth = 6,
	  .library_path_depth = 12, .packages = 44, .package_modules = 25, .package_depth = 3,
	  .package_functions = 16}},
	/* The run of the DLFM report's figure 2: few libraries, so that a launch is dominated by what each costs. */
	{"figure2", "the DLFM report's figure 2: 10 libraries, about 9 MB in all",
	 {COMMON, .modules = 10, .functions = 1100, .spread = 20, .name_padding = 20, .body_min = 1, .body_max = 4,
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
