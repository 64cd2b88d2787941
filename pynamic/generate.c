/* SPDX-License-Identifier: BSD-3-Clause */
/* Generating a tree: checks the directory, makes every file, the manifest last. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pynamic/remove.h"
#include "pynamic/source.h"
#include "pynamic/statement.h"
#include "pynamic/tree.h"

/* What is copied into the tree, so that it can be moved, and run where pynamic is not installed. */
static const char *const copies[][2] = {
	{"launcher.c", "src/launcher.c"},
	{"python-flags.py", "src/python-flags.py"},
	{"driver/driver.py", "driver/driver.py"},
	{"driver/mpi.py", "driver/mpi.py"},
	{"driver/mpi_test.py", "driver/mpi_test.py"},
	{"driver/counters.py", "driver/counters.py"},
	{NULL, NULL},
};

static int open_directory(const char *directory, struct dlfm_error *e)
{
	int fd;

	if (mkdir(directory, 0777) != 0 && errno != EEXIST)
		return dlfm_errnof(e, "%s: cannot make this directory", directory);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? dlfm_errnof(e, "%s: cannot open this directory", directory) : fd;
}

/* 1 if there is nothing in it but what an interrupted pynamic left (sources without a manifest are
 * its own). */
static int is_empty(int dirfd)
{
	DIR *d = fdopendir(dup(dirfd));
	struct dirent *entry;
	int empty = 1;

	if (!d)
		return 0;
	rewinddir(d);
	while (empty && (entry = readdir(d)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(d);
	return empty;
}

/* The seal is the first file of a tree: a text that only this application has. */
#define SEAL ".pynamic"

static void put_seal(struct pyn_text *t, const struct pyn_params *p)
{
	char text[256];

	for (const struct pyn_param_option *o = pyn_param_options; o->name; o++) {
		pyn_param_text(p, o, text, sizeof text);
		pyn_puts(t, o->name, "=", text, "\n", (char *)NULL);
	}
}

static int seal_directory(const struct pyn_model *m, int dirfd, int force, struct dlfm_error *e)
{
	struct pyn_text mine = {0}, there = {0};
	int rv = -1, sealed;

	put_seal(&mine, &m->params);
	sealed = pyn_load(&there, dirfd, SEAL, NULL) == 0;
	if (!sealed && !is_empty(dirfd)) {
		dlfm_errf(e, "is not empty and not a Pynamic tree; name another directory");
		goto done;
	}
	if (sealed &&
	    (there.length != mine.length || memcmp(there.data, mine.data, mine.length) != 0)) {
		if (!force) {
			dlfm_errf(e, "holds a Pynamic tree of other parameters; name another "
				     "directory, or --force");
			goto done;
		}
		if (pyn_remove_tree_files(dirfd, e) != 0)
			goto done;
	}
	rv = pyn_save(&mine, dirfd, SEAL, e) < 0 ? -1 : 0;
done:
	pyn_text_free(&mine);
	pyn_text_free(&there);
	return rv;
}

static int save_copies(const char *data, int dirfd, struct dlfm_error *e)
{
	struct pyn_text t = {0};
	char from[4096];
	int rv = 0;

	for (unsigned i = 0; copies[i][0] && rv == 0; i++) {
		snprintf(from, sizeof from, "%s/%s", data, copies[i][0]);
		if (pyn_load(&t, AT_FDCWD, from, e) != 0 ||
		    pyn_save(&t, dirfd, copies[i][1], e) < 0)
			rv = -1;
	}
	pyn_text_free(&t);
	return rv;
}

static int save_library(struct pyn_model *m, const struct pyn_library *l, int dirfd,
			struct pyn_text *t, struct dlfm_error *e)
{
	char path[PYN_PATH_SIZE];

	pyn_source_path(l, path, sizeof path);
	pyn_text_clear(t);
	if (pyn_source_put(t, m, l) != 0)
		return dlfm_errf(e, "%s: no memory", path);
	m->counts.bytes += t->length;
	return pyn_save(t, dirfd, path, e) < 0 ? -1 : 0;
}

static int save_libraries(struct pyn_model *m, int dirfd, struct dlfm_error *e)
{
	struct pyn_text t = {0};
	int rv = 0;

	pyn_puts(&t, "/* What all generated sources share. */\n", pyn_statement_header,
		 (char *)NULL);
	rv = pyn_save(&t, dirfd, "src/pynamic.h", e) < 0 ? -1 : 0;
	for (uint64_t i = 0; rv == 0 && i < m->params.utilities; i++)
		rv = save_library(m, &m->utilities[i], dirfd, &t, e);
	for (uint64_t i = 0; rv == 0 && i < m->params.modules; i++)
		rv = save_library(m, &m->modules[i], dirfd, &t, e);
	pyn_text_free(&t);
	return rv;
}

static int save_plans(struct pyn_model *m, const struct pyn_text *python_modules, int dirfd,
		      struct dlfm_error *e)
{
	struct pyn_text t = {0};
	int rv;

	pyn_makefile_put(&t, m);
	rv = pyn_save(&t, dirfd, "Makefile", e);
	if (rv >= 0) {
		pyn_text_clear(&t);
		pyn_manifest_put(&t, m);
		pyn_put(&t, "  \"python_modules\": [");
		pyn_put_bytes(&t, python_modules->data, python_modules->length);
		pyn_put(&t, "]\n}\n");
		rv = pyn_save(&t, dirfd, PYN_MANIFEST, e);
	}
	pyn_text_free(&t);
	return rv < 0 ? -1 : 0;
}

int pyn_generate(struct pyn_model *m, const char *directory, const char *data, int force,
		 struct dlfm_error *e)
{
	struct pyn_text python_modules = {0};
	int rv = -1, dirfd = open_directory(directory, e);

	if (dirfd < 0)
		return -1;
	if (seal_directory(m, dirfd, force, e) != 0 || save_copies(data, dirfd, e) != 0)
		goto fail;
	if (save_libraries(m, dirfd, e) != 0 ||
	    pyn_packages_save(m, dirfd, &python_modules, e) != 0)
		goto fail;
	if (save_plans(m, &python_modules, dirfd, e) != 0)
		goto fail;
	rv = 0;
fail:
	if (rv != 0)
		dlfm_err_prefix(e, "%s", directory);
	pyn_text_free(&python_modules);
	close(dirfd);
	return rv;
}
