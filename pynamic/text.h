/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file in the making: text that grows in memory and is saved at once. No printf in here: the
 * bytes do not depend on the locale, and a gigabyte of sources is made in seconds.
 */
#ifndef PYNAMIC_TEXT_H
#define PYNAMIC_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "cache-tools/error.h"

struct pyn_text {
	char *data; /* owned; not terminated */
	size_t length, size;
	int failed; /* out of memory: reported by pyn_save */
};

void pyn_put(struct pyn_text *t, const char *string);
void pyn_put_bytes(struct pyn_text *t, const char *bytes, size_t length);
void pyn_put_char(struct pyn_text *t, char c);
void pyn_put_number(struct pyn_text *t, int64_t n);
/* At least `width` decimal digits, with zeros in front. */
void pyn_put_padded(struct pyn_text *t, uint64_t n, unsigned width);
/* 0x and 16 hexadecimal digits. */
void pyn_put_hex(struct pyn_text *t, uint64_t n);

/* Puts each string up to a NULL. */
void pyn_puts(struct pyn_text *t, ...) __attribute__((sentinel));

void pyn_text_clear(struct pyn_text *t); /* empty, memory kept */
void pyn_text_free(struct pyn_text *t);

/*
 * Saves the text as dirfd/path, by way of path.tmp, and making the directories on the way. A file
 * that has these bytes already is left alone, so that make(1) finds nothing to do. Returns 1 if it
 * wrote, 0 if not, -1 with a text.
 */
int pyn_save(const struct pyn_text *t, int dirfd, const char *path, struct dlfm_error *e);

/* Replaces the text by the contents of a file; -1 with a text. */
int pyn_load(struct pyn_text *t, int dirfd, const char *path, struct dlfm_error *e);

#endif
