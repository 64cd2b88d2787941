/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What compilers may call in any program (GCC manual, "Standards"; stack protector), for an object
 * without libc. The empty asm keeps a compiler from recognising a loop as the very function that it
 * implements.
 */
#include <stddef.h>
#include <stdint.h>

#define HIDDEN	     __attribute__((visibility("hidden"), used))
#define KEEP_LOOP(p) __asm__ volatile("" : "+r"(p))

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
int bcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
void __stack_chk_fail(void);

HIDDEN void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	char *t = to;
	const char *f = from;

	for (; n >= 8; n -= 8, t += 8, f += 8) {
		__builtin_memcpy(t, f, 8);
		KEEP_LOOP(t);
	}
	for (; n; n--) {
		*t++ = *f++;
		KEEP_LOOP(t);
	}
	return to;
}

HIDDEN void *memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if (t <= f) {
		for (; n; n--) {
			*t++ = *f++;
			KEEP_LOOP(t);
		}
		return to;
	}
	for (t += n, f += n; n; n--) {
		*--t = *--f;
		KEEP_LOOP(t);
	}
	return to;
}

HIDDEN void *memset(void *to, int c, size_t n)
{
	char *t = to;

	for (; n; n--) {
		*t++ = (char)c;
		KEEP_LOOP(t);
	}
	return to;
}

HIDDEN int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
		KEEP_LOOP(p);
	}
	return 0;
}

/* clang calls it where only equality is asked of memcmp. */
HIDDEN int bcmp(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n);
}

HIDDEN size_t strlen(const char *s)
{
	const char *p = s;

	while (*p) {
		p++;
		KEEP_LOOP(p);
	}
	return (size_t)(p - s);
}

/* x86_64 takes the canary from the thread's control block, aarch64 from this variable. */
HIDDEN uintptr_t __stack_chk_guard = 0x5bd1e9955bd1e995u;

HIDDEN void __stack_chk_fail(void)
{
	__builtin_trap();
}
