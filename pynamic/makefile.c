/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The makefile of a generated tree. Everything is linked under a temporary name and renamed, so
 * that what has its final name is whole, whenever the build is stopped; then make goes on where it
 * was. "pynamic: made FILE" is what build.c counts.
 */
#include <stdio.h>

#include "pynamic/source.h"
#include "pynamic/tree.h"

static const char head[] = "# Made by \"pynamic generate\". \"pynamic build\" writes config.mk, "
			   "with the settings below, and runs this.\n"
			   "CC = cc\n"
			   "CXX = c++\n"
			   "MPICC = mpicc\n"
			   "PYTHON = python3\n"
			   "CFLAGS = -g\n"
			   "CXXFLAGS = $(CFLAGS)\n"
			   "LDFLAGS =\n"
			   "-include config.mk\n"
			   "\n"
			   "PY_CFLAGS := $(shell $(PYTHON) src/python-flags.py cflags)\n"
			   "PY_LIBS := $(shell $(PYTHON) src/python-flags.py libs)\n"
			   "SHARED = -fPIC -Isrc -shared\n"
			   "DONE = mv -f $@.tmp $@ && echo \"pynamic: made $@\"\n"
			   "LAUNCHER = $(if $(MPICC),$(MPICC),$(CC) -DPYNAMIC_NO_MPI)\n"
			   "\n"
			   ".SUFFIXES:\n"
			   ".DELETE_ON_ERROR:\n"
			   "all:\n"
			   "config.mk:\n"
			   "\ttouch $@\n"
			   "preflight:\n"
			   "\t@$(CC) --version >/dev/null || { echo \"pynamic: no C compiler "
			   "\\\"$(CC)\\\": --with-cc=COMMAND\" >&2; exit 1; }\n"
			   "\t@$(PYTHON) src/python-flags.py check\n";

static void put_directories(struct pyn_text *t, const char *kind, uint64_t count,
			    const char *before, const char *between)
{
	for (uint64_t i = 0; i < count; i++) {
		pyn_puts(t, i ? between : "", before, kind, "/d", (char *)NULL);
		pyn_put_padded(t, i, 2);
	}
}

/* The run-time search path from a directory that is `up` below the tree. */
static void put_search_path(struct pyn_text *t, const struct pyn_params *p, const char *up)
{
	int old_tags = p->search == PYN_SEARCH_RPATH || p->search == PYN_SEARCH_ORIGIN_RPATH;
	int origin = p->search == PYN_SEARCH_ORIGIN || p->search == PYN_SEARCH_ORIGIN_RPATH;
	char before[64];

	if (p->search == PYN_SEARCH_ENVIRONMENT)
		return;
	snprintf(before, sizeof before, "%s%s/", origin ? "$$ORIGIN" : "$(CURDIR)",
		 origin ? up : "");
	pyn_puts(t, "-Wl,--", old_tags ? "disable" : "enable", "-new-dtags -Wl,-rpath,'",
		 (char *)NULL);
	if (p->utilities > 0) {
		put_directories(t, "lib", p->library_path_depth, before, ":");
		pyn_put(t, ":");
	}
	put_directories(t, "mod", p->path_depth, before, ":");
	pyn_put(t, "'");
}

static void put_variables(struct pyn_text *t, const struct pyn_params *p)
{
	pyn_put(t, "LIBRARY_PATHS = ");
	put_directories(t, "lib", p->utilities ? p->library_path_depth : 0, "-L", " ");
	pyn_put(t, " ");
	put_directories(t, "mod", p->path_depth, "-L", " ");
	pyn_put(t, "\nMODULE_SEARCH = ");
	put_search_path(t, p, "/../..");
	pyn_put(t, "\nLINKED_SEARCH = ");
	put_search_path(t, p, "/..");
	pyn_put(t, "\nLINK_CHECK = -Wl,-rpath-link,");
	put_directories(t, "lib", p->utilities ? p->library_path_depth : 0, "", ":");
	pyn_put(t, p->utilities ? ":" : "");
	put_directories(t, "mod", p->path_depth, "", ":");
	pyn_put(t, "\nDIRECTORIES = bin ");
	put_directories(t, "lib", p->utilities ? p->library_path_depth : 0, "", " ");
	pyn_put(t, " ");
	put_directories(t, "mod", p->path_depth, "", " ");
	pyn_put(t, "\n$(DIRECTORIES):\n\tmkdir -p $@\n\n");
}

static void put_rule_head(struct pyn_text *t, const struct pyn_model *m,
			  const struct pyn_library *l)
{
	char path[PYN_PATH_SIZE], source[PYN_PATH_SIZE];

	pyn_library_path(m, l, path, sizeof path);
	pyn_source_path(l, source, sizeof source);
	pyn_puts(t, path, ": ", source, " src/pynamic.h config.mk | ",
		 l->is_module ? "mod/d" : "lib/d", (char *)NULL);
	pyn_put_padded(t, l->directory, 2);
}

/* The links libX.so.1 and libX.so, made before the library itself has its name. */
static void put_version_links(struct pyn_text *t, const struct pyn_model *m,
			      const struct pyn_library *l)
{
	char file[PYN_PATH_SIZE], soname[PYN_PATH_SIZE];

	if (m->params.soname != PYN_SONAME_VERSIONED)
		return;
	pyn_library_file(m, l, file, sizeof file);
	pyn_library_soname(m, l, soname, sizeof soname);
	pyn_puts(t, " && ln -sf ", file, " $(@D)/", soname, " && ln -sf ", soname, " $(@D)/lib",
		 l->name, ".so", (char *)NULL);
}

static void put_utility_rule(struct pyn_text *t, const struct pyn_model *m,
			     const struct pyn_library *l)
{
	char soname[PYN_PATH_SIZE];

	put_rule_head(t, m, l);
	pyn_puts(t, "\n\t@$(", l->cxx ? "CXX) $(CXXFLAGS" : "CC) $(CFLAGS", ") $(SHARED) ",
		 (char *)NULL);
	pyn_library_soname(m, l, soname, sizeof soname);
	if (soname[0])
		pyn_puts(t, "-Wl,-soname,", soname, " ", (char *)NULL);
	pyn_put(t, "-o $@.tmp $< $(LDFLAGS)");
	put_version_links(t, m, l);
	pyn_put(t, " && $(DONE)\n");
}

/* "BEFORE file" for each library that the module links with. */
static void put_links(struct pyn_text *t, const struct pyn_model *m, const struct pyn_library *l,
		      const char *before,
		      void (*name)(const struct pyn_model *, const struct pyn_library *, char *,
				   size_t))
{
	char text[PYN_PATH_SIZE];

	for (unsigned i = 0; i < l->link_count; i++) {
		name(m, &m->utilities[l->links[i]], text, sizeof text);
		pyn_puts(t, before, text, (char *)NULL);
	}
	if (l->cross >= 0) {
		name(m, &m->modules[l->cross], text, sizeof text);
		pyn_puts(t, before, text, (char *)NULL);
	}
}

static void put_module_rule(struct pyn_text *t, const struct pyn_model *m,
			    const struct pyn_library *l)
{
	put_rule_head(t, m, l);
	put_links(t, m, l, " ", pyn_library_path);
	pyn_put(t, "\n\t@$(CC) $(CFLAGS) $(SHARED) $(PY_CFLAGS) -o $@.tmp $< $(LIBRARY_PATHS) "
		   "$(MODULE_SEARCH) "
		   "-Wl,--no-as-needed");
	put_links(t, m, l, " -l:", pyn_library_file);
	pyn_put(t, " $(LDFLAGS) && $(DONE)\n");
}

static void put_launchers(struct pyn_text *t, const struct pyn_model *m)
{
	char text[PYN_PATH_SIZE];

	pyn_put(t, "MODULES =");
	for (uint64_t i = 0; i < m->params.modules; i++) {
		pyn_library_path(m, &m->modules[i], text, sizeof text);
		pyn_puts(t, " ", text, (char *)NULL);
	}
	pyn_put(t, "\nUTILITIES =");
	for (uint64_t i = 0; i < m->params.utilities; i++) {
		pyn_library_path(m, &m->utilities[i], text, sizeof text);
		pyn_puts(t, " ", text, (char *)NULL);
	}
	pyn_put(t, "\n\nbin/pynamic-launcher: src/launcher.c config.mk | bin\n"
		   "\t@$(LAUNCHER) -g -O2 $(PY_CFLAGS) -o $@.tmp $< -Wl,-E $(PY_LIBS) $(LDFLAGS) "
		   "&& $(DONE)\n"
		   "bin/pynamic-linked: src/launcher.c config.mk | bin $(MODULES) $(UTILITIES)\n"
		   "\t@$(LAUNCHER) -g -O2 -DPYNAMIC_LINKED $(PY_CFLAGS) -o $@.tmp $< -Wl,-E "
		   "$(LIBRARY_PATHS) "
		   "$(LINKED_SEARCH) $(LINK_CHECK) -Wl,--no-as-needed");
	for (uint64_t i = 0; i < m->params.modules; i++) {
		pyn_library_file(m, &m->modules[i], text, sizeof text);
		pyn_puts(t, " -l:", text, (char *)NULL);
	}
	pyn_put(t, " $(PY_LIBS) $(LDFLAGS) && $(DONE)\n\n");
}

void pyn_makefile_put(struct pyn_text *t, const struct pyn_model *m)
{
	pyn_put(t, head);
	put_variables(t, &m->params);
	for (uint64_t i = 0; i < m->params.utilities; i++)
		put_utility_rule(t, m, &m->utilities[i]);
	for (uint64_t i = 0; i < m->params.modules; i++)
		put_module_rule(t, m, &m->modules[i]);
	put_launchers(t, m);
	if (m->params.packages > 0)
		pyn_put(t, "bytecode: config.mk $(shell find mod -name '*.py')\n"
			   "\t@$(PYTHON) -m compileall -q mod && touch $@.tmp && $(DONE)\n"
			   "all: bytecode\n");
	pyn_put(t, "libraries: $(UTILITIES) $(MODULES) | $(DIRECTORIES)\n"
		   "all: libraries bin/pynamic-launcher bin/pynamic-linked\n"
		   ".PHONY: all libraries preflight\n");
}
