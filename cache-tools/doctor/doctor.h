/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dlfm doctor: what works on this node and this site, and what to do about the rest. A check is one function, which
 * adds one or more findings; it changes nothing that outlives it, and takes seconds at most.
 */
#ifndef DLFM_DOCTOR_H
#define DLFM_DOCTOR_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "cache-tools/environ.h"
#include "cache-tools/error.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_SKIP, /* does not apply here */
	DOCTOR_WARN, /* works, but not as it could */
	DOCTOR_FAIL,
};

struct doctor_finding {
	enum doctor_level level;
	const char *what;
	char why[1024];
	char advice[512]; /* "" if there is nothing to do */
};

struct doctor {
	const char *cache;	  /* that is to be replayed; NULL: any */
	const char *const *dirs;  /* where images go; NULL: the site's, or the defaults */
	char site_dirs[PATH_MAX]; /* of the Slurm plugin's arguments; "" if there is none */
	int has_pyxis;		  /* Slurm starts containers by it */
	struct doctor_finding *findings;
	unsigned n, n_level[4];
	int no_memory;
};

/* Adds a finding; advice may be NULL. */
void doctor_add(struct doctor *d, enum doctor_level level, const char *what, const char *advice,
		const char *why, ...) __attribute__((format(printf, 5, 6)));
void doctor_free(struct doctor *d);

/* All checks in order (doctor.c). */
void doctor_check_all(struct doctor *d);

void doctor_check_libc(struct doctor *d);	 /* doctor-libc.c */
void doctor_check_static_tls(struct doctor *d);	 /* doctor-libc.c */
void doctor_check_objects(struct doctor *d);	 /* doctor-objects.c: there, of this version */
void doctor_check_injection(struct doctor *d);	 /* doctor-objects.c: ld.so loads them */
void doctor_check_environment(struct doctor *d); /* doctor-environment.c */
void doctor_check_memory(struct doctor *d);	 /* doctor-memory.c */
void doctor_check_slurm(
	struct doctor
		*d); /* doctor-slurm.c: plugin, PMIx, job_container; sets site_dirs, has_pyxis */
void doctor_check_pbs(struct doctor *d);	/* doctor-pbs.c */
void doctor_check_containers(struct doctor *d); /* doctor-containers.c */
void doctor_check_self(struct doctor *d);	/* doctor-self.c: records and replays */

/* ---- doctor-run.c ---- */

enum { DOCTOR_OUTPUT = 65536, DOCTOR_SECONDS = 30 };

struct doctor_output {
	int status; /* exit status; 127: not found; 128 and the signal; -1: it took too long */
	char text[DOCTOR_OUTPUT]; /* standard output and error, NUL-terminated */
};
/* Runs a program (found by PATH; env NULL: the own environment) without input, at most DOCTOR_SECONDS. */
void doctor_run(struct doctor_output *o, const char *const argv[], const struct dlfm_environ *env);
/* The first line of what it said; "" if nothing. Cuts the text. */
const char *doctor_first_line(struct doctor_output *o);
/* Is the program on PATH? */
int doctor_has_program(const char *name);

/* ---- doctor-elf.c: an ELF file of this machine, never loaded ---- */

/* Its DLFM version: 0, or -1 if it has none. */
int doctor_elf_version(const char *path, char *text, unsigned long size);
/* A 32-bit word that it exports under a name: 0, or -1. */
int doctor_elf_word(const char *path, const char *symbol, uint32_t *value);
/* Its interpreter: 0, or -1. */
int doctor_elf_interpreter(const char *path, char *text, unsigned long size);

/* ---- doctor-plugstack.c ---- */

struct doctor_plugin {
	char file[PATH_MAX]; /* the configuration file that names it */
	char path[PATH_MAX]; /* the plugin, absolute */
	char arguments[1024];
	int required;
};
/* The first line of a plugstack.conf, and of what it includes, for a plugin of this name: 1, 0 if there is none. */
int doctor_find_plugin(const char *plugstack, const char *plugin_dirs, const char *name,
		       struct doctor_plugin *p);

#endif
