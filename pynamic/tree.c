/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of files in the generated tree. */
#include <stdio.h>

#include "pynamic/tree.h"

void pyn_library_file(const struct pyn_model *m, const struct pyn_library *l, char *file,
		      size_t size)
{
	if (l->is_module)
		snprintf(file, size, "%s.abi3.so", l->name);
	else
		snprintf(file, size, "lib%s.so%s", l->name,
			 m->params.soname == PYN_SONAME_VERSIONED ? ".1.0.0" : "");
}

void pyn_library_path(const struct pyn_model *m, const struct pyn_library *l, char *path,
		      size_t size)
{
	char file[64];

	pyn_library_file(m, l, file, sizeof file);
	snprintf(path, size, "%s/d%02u/%s", l->is_module ? "mod" : "lib", l->directory, file);
}

void pyn_library_soname(const struct pyn_model *m, const struct pyn_library *l, char *name,
			size_t size)
{
	name[0] = '\0';
	if (!l->is_module && m->params.soname != PYN_SONAME_NONE)
		snprintf(name, size, "lib%s.so%s", l->name,
			 m->params.soname == PYN_SONAME_VERSIONED ? ".1" : "");
}
