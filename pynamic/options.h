/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of one command: a table that parses, and prints the help. The generator's parameters
 * can be among them. */
#ifndef PYNAMIC_OPTIONS_H
#define PYNAMIC_OPTIONS_H

#include "cache-tools/error.h"
#include "pynamic/params.h"

struct pyn_option {
	const char *name;
	char letter;
	const char *argument; /* NULL: a flag */
	const char **text;    /* gets the argument; flags: "" */
	const char *help;
};

struct pyn_usage {
	const char *synopsis, *about;
	const struct pyn_option *options; /* ends with a NULL name */
	struct pyn_params *params; /* if not NULL, the generator's parameters are options too */
};

/*
 * Parses. *first is the index of the first operand. Returns 0; 1 if help was asked for and printed;
 * -1 with a text. Parameters are set in the order of the command line, after what --profile named:
 * the option "profile" is known here.
 */
int pyn_options_parse(const struct pyn_usage *u, int argc, char **argv, int *first,
		      struct dlfm_error *e);

#endif
