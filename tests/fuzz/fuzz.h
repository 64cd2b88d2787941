/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzzing harnesses share. A harness is one file with LLVMFuzzerTestOneInput(): it gives its input to one
 * reader and checks what the reader promises. doc/testing.md says how they are run.
 */
#ifndef DLFM_FUZZ_H
#define DLFM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max); /* of libFuzzer */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

/* A promise of the reader: ends the run with the text, and the input is kept, if it does not hold. */
void fuzz_check(int holds, const char *promise);

/* A directory of this process for files, on tmpfs where there is one; removed at exit, with all that is in it. */
const char *fuzz_scratch(void);
/* Removes what is in a directory, following no link. */
void fuzz_empty(const char *dir);

/*
 * A change that a format of integers and records answers to: a word gets an edge value or another word's, or a
 * stretch is copied over another. Half of the time libFuzzer's own. Returns the new size.
 */
size_t fuzz_mutate_words(uint8_t *data, size_t size, size_t max, unsigned seed);

/* A copy with its own bounds, for the sanitizer to guard; aligned as malloc does. */
void *fuzz_copy(const void *data, size_t size);
/* The same with a NUL behind it. */
char *fuzz_text(const void *data, size_t size);

/* Reads a text to its end; NULL is allowed. */
void fuzz_touch(const char *text);

#endif
