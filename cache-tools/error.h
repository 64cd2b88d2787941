/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An error is a text that the caller owns: "WHERE: WHAT; WHAT TO DO", in lower case, without a full stop, in the words of
 * the manual and not of the source. The same thing is said in the same words: "cannot be read", "no memory", "record it
 * anew". Programs put "dlfm: " before it.
 * Functions that take a struct dlfm_error return 0 or a positive answer, or -1 with the text set.
 */
#ifndef DLFM_ERROR_H
#define DLFM_ERROR_H

/* Exit codes of the programs, as in env(1), timeout(1). */
enum {
	DLFM_EXIT_OWN = 125,	    /* DLFM itself failed */
	DLFM_EXIT_CANNOT_RUN = 126, /* the command cannot be executed */
	DLFM_EXIT_NOT_FOUND = 127,  /* the command was not found */
};

struct dlfm_error {
	char text[1024];
};

/* Sets the text (e may be NULL) and returns -1. Does not change errno. */
int dlfm_errf(struct dlfm_error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, with ": " and strerror(errno) after it. */
int dlfm_errnof(struct dlfm_error *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Puts "prefix: " in front of the text that is there; returns -1. */
int dlfm_err_prefix(struct dlfm_error *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
