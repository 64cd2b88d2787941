/* SPDX-License-Identifier: BSD-3-Clause */
/* What the fuzzing harnesses share. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

void fuzz_check(int holds, const char *promise)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", promise);
	abort();
}

void *fuzz_copy(const void *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	fuzz_check(copy != NULL, "there is memory");
	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *fuzz_text(const void *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_check(text != NULL, "there is memory");
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

void fuzz_touch(const char *text)
{
	static volatile size_t n;

	n = text ? strlen(text) : 0;
	(void)n;
}

/* ---- files ---- */

static char scratch[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level > 0)
		remove(path);
	return 0;
}

void fuzz_empty(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_scratch(void)
{
	fuzz_empty(scratch);
	rmdir(scratch);
}

const char *fuzz_scratch(void)
{
	if (scratch[0])
		return scratch;
	strcpy(scratch, "/dev/shm/dlfm-fuzz.XXXXXX");
	if (!mkdtemp(scratch)) {
		strcpy(scratch, "/tmp/dlfm-fuzz.XXXXXX");
		fuzz_check(mkdtemp(scratch) != NULL, "there is a directory for files");
	}
	atexit(remove_scratch);
	return scratch;
}

/* ---- mutation ---- */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void change_word(uint8_t *data, size_t size, uint32_t *dice)
{
	static const uint32_t edges[] = {0,	     1,		 2,	     7,
					 0xff,	     0x100,	 4095,	     4096,
					 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
	const size_t n = size / 4, at = next_random(dice) % n * 4;
	uint32_t word;

	memcpy(&word, data + at, sizeof(word));
	switch (next_random(dice) % 5) {
	case 0:
		word = edges[next_random(dice) % (sizeof(edges) / sizeof(edges[0]))];
		break;
	case 1:
		word += next_random(dice) % 17 - 8;
		break;
	case 2:
		word ^= 1u << next_random(dice) % 32;
		break;
	case 3:
		word = next_random(dice) % 64;
		break;
	default:
		memcpy(&word, data + next_random(dice) % n * 4, sizeof(word));
	}
	memcpy(data + at, &word, sizeof(word));
}

static void copy_stretch(uint8_t *data, size_t size, uint32_t *dice)
{
	const size_t n = size / 8, blocks = 1 + next_random(dice) % (n < 24 ? n : 24);
	const size_t from = next_random(dice) % (n - blocks + 1),
		     to = next_random(dice) % (n - blocks + 1);

	memmove(data + to * 8, data + from * 8, blocks * 8);
}

size_t fuzz_mutate_words(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	uint32_t dice = seed;
	unsigned changes;

	if (size < 16 || next_random(&dice) % 2)
		return LLVMFuzzerMutate(data, size, max);
	for (changes = 1 + next_random(&dice) % 3; changes; changes--)
		if (next_random(&dice) % 4)
			change_word(data, size, &dice);
		else
			copy_stretch(data, size, &dice);
	return size;
}
