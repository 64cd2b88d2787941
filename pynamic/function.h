/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One generated function: its signature, its body and what a call of it contributes to the
 * checksum.
 *
 * A function is a function of its key (pynamic/random.h) and the parameters alone, so nothing has
 * to be kept of it. Its C text and its contribution come from the same walk over the same
 * statements (struct pyn_statement): they cannot differ. Floating-point values are quarters of
 * small integers: exact in float and double, so that no compiler option, FPU or libm changes a
 * checksum; the generator itself computes with integers only.
 */
#ifndef PYNAMIC_FUNCTION_H
#define PYNAMIC_FUNCTION_H

#include <stdint.h>

#include "pynamic/params.h"
#include "pynamic/text.h"

#define PYN_MAX_ARGUMENTS 5 /* as in the paper: zero to five */

enum pyn_type { PYN_INT, PYN_LONG, PYN_FLOAT, PYN_DOUBLE, PYN_STRING, PYN_TYPES };

struct pyn_function {
	uint64_t key;
	enum pyn_type result;
	unsigned arguments;
	enum pyn_type type[PYN_MAX_ARGUMENTS];
};

/* An argument of a call: a number (of quarters, for float and double) or a short text. */
struct pyn_value {
	int64_t number;
	char text[13];
};

struct pyn_values {
	struct pyn_value value[PYN_MAX_ARGUMENTS];
};

/* The function that a key stands for. */
void pyn_function_make(struct pyn_function *f, uint64_t key);

/* The arguments of one place that calls f. `site` is that place's key. */
void pyn_arguments_make(struct pyn_values *v, const struct pyn_function *f, uint64_t site);

/* C text: "int NAME(long a, double b)", or without the arguments' names. NAME is the text `name` ..
 * `name + length`. */
void pyn_put_prototype(struct pyn_text *t, const struct pyn_function *f, const char *name,
		       size_t length, int named);

/* C text: "NAME(3L, -1.25)" */
void pyn_put_call(struct pyn_text *t, const struct pyn_function *f, const char *name, size_t length,
		  const struct pyn_values *v);

/* C text of the body's statements, which compute u64 h and add it to pyn_sum. */
void pyn_put_body(struct pyn_text *t, const struct pyn_function *f, const struct pyn_params *p);

/* C text: "return ...;" */
void pyn_put_return(struct pyn_text *t, const struct pyn_function *f);

/* What a call with these arguments adds to the checksum, calls of others not counted. */
uint64_t pyn_contribution(const struct pyn_function *f, const struct pyn_params *p,
			  const struct pyn_values *v);

#endif
