/* SPDX-License-Identifier: BSD-3-Clause */
/* The injected objects: there, of this dlfm's version, and loaded by ld.so. */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/doctor/doctor.h"
#include "cache-tools/job-option.h"
#include "cache-tools/stage.h"
#include "cache-tools/task-env.h"

static const struct object {
	const char *name, *layer, *check;
	unsigned use;
} objects[] = {
	{"dlfm-audit.so", "dl", "layer dl", DLFM_USE_DL},
	{"libdlfm.so", "fm", "layer fm", DLFM_USE_FM},
};

void doctor_check_objects(struct doctor *d)
{
	char path[PATH_MAX], version[64];
	unsigned i, there = dlfm_layers_in(dlfm_libdir());

	for (i = 0; i < 2; i++) {
		const struct object *o = &objects[i];

		snprintf(path, sizeof(path), "%s/%s", dlfm_libdir(), o->name);
		if (!(there & o->use))
			doctor_add(d, there ? DOCTOR_WARN : DOCTOR_FAIL, o->name,
				   "reinstall DLFM, or set DLFM_LIBDIR to where the objects are",
				   "%s is not there", path);
		else if (doctor_elf_version(path, version, sizeof(version)) < 0)
			doctor_add(d, DOCTOR_FAIL, o->name, "reinstall DLFM",
				   "%s does not say its version: it is not this DLFM's", path);
		else if (strcmp(version, PACKAGE_VERSION) != 0)
			doctor_add(d, DOCTOR_FAIL, o->name, "reinstall DLFM as a whole",
				   "%s is of DLFM %s, this dlfm is %s", path, version,
				   PACKAGE_VERSION);
		else
			doctor_add(d, DOCTOR_OK, o->name, NULL, "%s, version %s", path, version);
	}
}

/* A program with dlfm's own objects: dlfm-stage. It belongs to the same installation. */
static void check_stage(struct doctor *d)
{
	static struct doctor_output o;
	const char *const argv[] = {"dlfm-stage", "--version", NULL};
	const char *line;

	doctor_run(&o, argv, NULL);
	line = doctor_first_line(&o);
	if (o.status == DLFM_EXIT_NOT_FOUND)
		doctor_add(d, DOCTOR_SKIP, "dlfm-stage", NULL,
			   "not on PATH; only jobs on several nodes need it");
	else if (o.status != 0)
		doctor_add(d, DOCTOR_FAIL, "dlfm-stage", "reinstall DLFM, or what it needs",
			   "it does not run: %.300s", line);
	else if (strcmp(line, "dlfm-stage " PACKAGE_VERSION) != 0)
		doctor_add(d, DOCTOR_FAIL, "dlfm-stage", "reinstall DLFM as a whole",
			   "it is %.100s, this dlfm is %s", line, PACKAGE_VERSION);
	else
		doctor_add(d, DOCTOR_OK, "dlfm-stage", NULL, "version %s", PACKAGE_VERSION);
}

/* Did a process leave a journal of the layer? */
static int has_journal(const char *dir, const char *layer)
{
	DIR *names = opendir(dir);
	struct dirent *de;
	int found = 0;

	while (names && !found && (de = readdir(names)))
		found = strncmp(de->d_name, layer, strlen(layer)) == 0 &&
			de->d_name[strlen(layer)] == '-';
	if (names)
		closedir(names);
	return found;
}

/* Runs "true" with one object; it leaves a journal if ld.so loaded the object and it works. */
static void check_layer(struct doctor *d, const struct object *object, const char *journal)
{
	static struct doctor_output o;
	const char *const argv[] = {"true", NULL};
	struct dlfm_task_env task = {
		.layers = object->use, .lib = dlfm_libdir(), .journal = journal};
	struct dlfm_env_ops ops;
	struct dlfm_environ env;
	struct dlfm_error e;

	if (dlfm_environ_copy(&env) < 0)
		return;
	ops = dlfm_environ_ops(&env);
	ops.set(ops.arg, "DLFM_DISABLE", NULL);
	if (dlfm_task_env_compose(&task, &ops, &e) < 0) {
		doctor_add(d, DOCTOR_FAIL, object->check, NULL, "%s", e.text);
	} else {
		doctor_run(&o, argv, &env);
		if (o.status == 0 && has_journal(journal, object->layer))
			doctor_add(d, DOCTOR_OK, object->check, NULL,
				   "ld.so loads %s into a program, and it works", object->name);
		else
			doctor_add(
				d, DOCTOR_FAIL, object->check,
				"check with: DLFM_DEBUG=1 DLFM_LOG=FILE dlfm record COMMAND; and "
				"leave the layer out with --layers until it works",
				"%s has no effect in the program \"true\" (status %d)%s%.200s",
				object->name, o.status, o.text[0] ? ": " : "",
				doctor_first_line(&o));
	}
	dlfm_environ_free(&env);
}

void doctor_check_injection(struct doctor *d)
{
	char key[DLFM_LEASE_KEY_MAX + 1], journal[PATH_MAX];
	unsigned i, there = dlfm_layers_in(dlfm_libdir());
	struct dlfm_error e;

	check_stage(d);
	dlfm_lease_own_key(key);
	if (!there)
		return;
	if (dlfm_journal_directory(d->dirs, key, journal, &e) < 0) {
		doctor_add(d, DOCTOR_FAIL, "injection", "see the findings on node memory",
			   "there is no place for journals: %s", e.text);
		return;
	}
	for (i = 0; i < 2; i++)
		if (there & objects[i].use)
			check_layer(d, &objects[i], journal);
	dlfm_lease_release(d->dirs, key, &e);
}
