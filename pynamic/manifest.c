/* SPDX-License-Identifier: BSD-3-Clause */
/* The manifest of a generated tree: JSON, for driver, run and tools. Numbers of 64 bits are
 * hexadecimal texts. */
#include "pynamic/mandelbrot.h"
#include "pynamic/tree.h"

static void put_member(struct pyn_text *t, const char *name, uint64_t number, const char *after)
{
	pyn_puts(t, "\"", name, "\": ", (char *)NULL);
	pyn_put_padded(t, number, 1);
	pyn_put(t, after);
}

static void put_parameters(struct pyn_text *t, const struct pyn_params *p)
{
	char text[256];

	pyn_put(t, "  \"parameters\": {");
	for (const struct pyn_param_option *o = pyn_param_options; o->name; o++) {
		pyn_param_text(p, o, text, sizeof text);
		pyn_puts(t, o == pyn_param_options ? "" : ", ", "\"", o->name, "\": \"", text, "\"",
			 (char *)NULL);
	}
	pyn_put(t, "},\n");
}

static void put_counts(struct pyn_text *t, const struct pyn_model *m)
{
	const struct pyn_counts *c = &m->counts;

	pyn_put(t, "  \"counts\": {");
	put_member(t, "modules", m->params.modules, ", ");
	put_member(t, "utilities", m->params.utilities, ", ");
	put_member(t, "python_files", c->python_files, ", ");
	put_member(t, "functions", c->functions, ", ");
	put_member(t, "visited_functions", c->visited_functions, ", ");
	put_member(t, "call_sites", c->call_sites, ", ");
	put_member(t, "calls", c->calls, "},\n");
}

static void put_library(struct pyn_text *t, const struct pyn_model *m, const struct pyn_library *l)
{
	char path[PYN_PATH_SIZE], soname[PYN_PATH_SIZE];

	pyn_library_path(m, l, path, sizeof path);
	pyn_library_soname(m, l, soname, sizeof soname);
	pyn_puts(t, "    {\"name\": \"", l->name, "\", \"path\": \"", path, "\", ", (char *)NULL);
	if (!l->is_module)
		pyn_puts(t, "\"soname\": \"", soname, "\", \"language\": \"", l->cxx ? "C++" : "C",
			 "\", ", (char *)NULL);
	put_member(t, "functions", l->functions, ", ");
	put_member(t, "visited_functions", l->visited_functions, "}");
}

static void put_libraries(struct pyn_text *t, const struct pyn_model *m, const char *name,
			  const struct pyn_library *l, uint64_t count)
{
	pyn_puts(t, "  \"", name, "\": [\n", (char *)NULL);
	for (uint64_t i = 0; i < count; i++) {
		put_library(t, m, &l[i]);
		pyn_put(t, i + 1 < count ? ",\n" : "\n");
	}
	pyn_put(t, "  ],\n");
}

static void put_path(struct pyn_text *t, const char *name, const char *kind, uint64_t count)
{
	pyn_puts(t, "  \"", name, "\": [", (char *)NULL);
	for (uint64_t i = 0; i < count; i++) {
		pyn_puts(t, i ? ", " : "", "\"", kind, "/d", (char *)NULL);
		pyn_put_padded(t, i, 2);
		pyn_put(t, "\"");
	}
	pyn_put(t, "],\n");
}

void pyn_manifest_put(struct pyn_text *t, const struct pyn_model *m)
{
	const struct pyn_params *p = &m->params;

	pyn_put(t, "{\n  \"schema\": \"pynamic-tree/");
	pyn_put_number(t, PYN_MANIFEST_FORMAT);
	pyn_put(t, "\",\n");
	put_parameters(t, p);
	put_counts(t, m);
	pyn_put(t, "  \"checksum\": \"");
	pyn_put_hex(t, m->checksum);
	pyn_put(t, "\",\n  \"mpi_test\": {");
	put_member(t, "size", PYN_MANDELBROT_SIZE, ", ");
	put_member(t, "iterations", PYN_MANDELBROT_ITERATIONS, ", ");
	put_member(t, "sum", pyn_mandelbrot_sum(), "},\n");
	put_path(t, "python_path", "mod", p->path_depth);
	put_path(t, "library_path", "lib", p->utilities ? p->library_path_depth : 0);
	put_libraries(t, m, "utilities", m->utilities, p->utilities);
	put_libraries(t, m, "modules", m->modules, p->modules);
}
