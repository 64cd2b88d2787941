/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The generated tree:
 *
 *	pynamic.json		the manifest: what is there, what a run must add up to (manifest.c)
 *	Makefile		builds it; settings in config.mk (makefile.c, build.c)
 *	src/			sources; launcher.c; python-flags.py
 *	driver/			the driver, in Python
 *	mod/dNN/		on PYTHONPATH: extension modules, pure-Python packages
 *	lib/dNN/		utility libraries
 *	bin/			pynamic-launcher, and pynamic-linked with all modules linked in
 */
#ifndef PYNAMIC_TREE_H
#define PYNAMIC_TREE_H

#include "pynamic/model.h"
#include "pynamic/text.h"

#define PYN_PATH_SIZE	    256
#define PYN_MANIFEST	    "pynamic.json"
#define PYN_MANIFEST_FORMAT 1

/* The built file of a library: "lib/d00/libpyn_u0000.so.1.0.0", "mod/d00/pyn_m0000.abi3.so". */
void pyn_library_path(const struct pyn_model *m, const struct pyn_library *l, char *path,
		      size_t size);
/* Its file name alone. */
void pyn_library_file(const struct pyn_model *m, const struct pyn_library *l, char *file,
		      size_t size);
/* The name by which others need it, "" if it has no soname and is needed by its file name. */
void pyn_library_soname(const struct pyn_model *m, const struct pyn_library *l, char *name,
			size_t size);

void pyn_makefile_put(struct pyn_text *t, const struct pyn_model *m);
void pyn_manifest_put(struct pyn_text *t, const struct pyn_model *m);

/*
 * The pure-Python packages: makes and saves all files, adds to the checksum and counts. If `names`
 * is not NULL it gets the names of their modules as JSON strings with commas between them. -1 with
 * a text.
 */
int pyn_packages_save(struct pyn_model *m, int dirfd, struct pyn_text *names, struct dlfm_error *e);

/*
 * Generates the whole tree in `directory`, which is made if it does not exist. What is already
 * there with the same bytes is left alone. A directory with something else in it is refused, one
 * with another application too unless `force`. `data` is where driver and launcher are copied from.
 * The model has counts and checksum afterwards. -1 with a text.
 */
int pyn_generate(struct pyn_model *m, const char *directory, const char *data, int force,
		 struct dlfm_error *e);

#endif
