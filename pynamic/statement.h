/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One statement of a generated function's body, as C text and as the value that it computes. Every
 * statement takes the 64-bit hash h and leaves a new one.
 */
#ifndef PYNAMIC_STATEMENT_H
#define PYNAMIC_STATEMENT_H

#include <stdint.h>

#include "pynamic/params.h"
#include "pynamic/random.h"
#include "pynamic/text.h"

struct pyn_statement {
	enum pyn_kind kind;
	uint64_t constant[4];
	unsigned number; /* a shift, a count, an offset: by kind */
	char text[25];
};

/* The definitions that the C texts need: u64, MIX, pyn_text, pyn_sum. The header of every generated
 * source. */
extern const char pyn_statement_header[];

/* The next statement of a body; `kinds` has the bits of the kinds that may be drawn. */
void pyn_statement_draw(struct pyn_statement *s, struct pyn_random *r, uint64_t kinds);

void pyn_statement_put(struct pyn_text *t, const struct pyn_statement *s);

uint64_t pyn_statement_value(uint64_t h, const struct pyn_statement *s);

/* MIX and pyn_text of the header. */
uint64_t pyn_fold(uint64_t h, uint64_t x);
uint64_t pyn_text_value(const char *text);

#endif
