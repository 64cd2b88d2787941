/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The option that a user writes: srun --dlfm=TEXT, #PBS -l dlfm=TEXT, DLFM=TEXT. One grammar, one parser:
 *
 *	TEXT   = "off" | "record" [":" FILE] [opts] | "replay:" FILE [opts] | FILE [opts]
 *	opts   = ("," opt)*
 *	opt    = "require" | "report" ["=" FILE] | "learn" | "layers=" ("dl"|"fm"|"dl+fm")
 *	       | "stale=" ("refresh"|"drop"|"fail") | "transport=" ("tcp"|"mpi"|"pmix") | "scope=" ("shared"|"all")
 *
 * A bare FILE (record if it is absent, else replay) must contain a "/" or a "." so that a mistyped word is
 * told apart, and so must what stands before a colon in it (else write ./a:b). A FILE cannot contain a comma,
 * nothing a control character; an option is given once; those that only serve the other mode are accepted.
 * "~" and "$" are not expanded: they are refused with that explanation.
 * Depends on libc alone; parses untrusted text; makes no system call.
 */
#ifndef DLFM_JOB_OPTION_H
#define DLFM_JOB_OPTION_H

#include <limits.h>

#include "cache-tools/error.h"

enum dlfm_mode { DLFM_MODE_OFF, DLFM_MODE_RECORD, DLFM_MODE_REPLAY, DLFM_MODE_AUTO };
enum dlfm_stale { DLFM_STALE_REFRESH, DLFM_STALE_DROP, DLFM_STALE_FAIL };
enum dlfm_transport { DLFM_TRANSPORT_TCP, DLFM_TRANSPORT_MPI, DLFM_TRANSPORT_PMIX };
enum dlfm_scope { DLFM_SCOPE_DEFAULT, DLFM_SCOPE_SHARED, DLFM_SCOPE_ALL };
enum { DLFM_USE_DL = 1, DLFM_USE_FM = 2, DLFM_USE_BOTH = 3 };

struct dlfm_job_option {
	enum dlfm_mode mode;
	char file[PATH_MAX]; /* as written; "" if none was given (record) */
	int require;	     /* a cache problem stops the job before its tasks start */
	int report;
	char report_file[PATH_MAX]; /* "": standard error */
	int learn;		    /* add what a replay asked of the file system to the cache */
	unsigned layers;	    /* DLFM_USE_* */
	enum dlfm_stale stale;
	enum dlfm_transport transport;
	enum dlfm_scope scope;
};

/*
 * Parses TEXT into *o (all fields set, defaults where nothing was said). Returns 0, or -1 with a text such as
 * "unknown value 'recrod'; use record, replay:FILE, FILE or off". *o is untouched on failure.
 */
int dlfm_job_option_parse(struct dlfm_job_option *o, const char *text, struct dlfm_error *e);

/* Writes the option back as text that parses to the same; returns -1 if it needs more than `size` bytes. */
int dlfm_job_option_format(const struct dlfm_job_option *o, char *text, unsigned long size);

/* The grammar as a help text of a few lines, each ending with a newline (static). */
const char *dlfm_job_option_help(void);

#endif
