/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The glibc-hwcaps level of this CPU: which of x86-64-v2, -v3 and -v4 ld.so searches (x86-64
 * psABI, 3.1.1 "Processor Architecture"). aarch64 has no such directories.
 */
#include "libdlfm/fingerprint.h"

#ifdef __x86_64__
#include <cpuid.h>

#define ALL(word, bits) (((word) & (bits)) == (bits))

struct cpu_words {
	unsigned c1;	 /* leaf 1, ecx */
	unsigned b7;	 /* leaf 7, ebx */
	unsigned c80;	 /* leaf 0x80000001, ecx */
	unsigned states; /* XCR0: register states that the kernel saves */
};

static struct cpu_words cpu_words(void)
{
	struct cpu_words w = {0};
	unsigned a, b, c, d;

	__cpuid(0, a, b, c, d);
	const unsigned last = a;
	__cpuid(1, a, b, w.c1, d);
	if (last >= 7)
		__cpuid_count(7, 0, a, w.b7, c, d);
	__cpuid(0x80000001, a, b, w.c80, d);
	if (w.c1 & bit_OSXSAVE)
		__asm__("xgetbv" : "=a"(w.states), "=d"(d) : "c"(0));
	return w;
}

uint64_t dlfm_hwcaps_level(void)
{
	const struct cpu_words w = cpu_words();
	const unsigned lahf = 1 << 0, lzcnt = 1 << 5; /* of leaf 0x80000001 */

	if (!ALL(w.c1,
		 bit_CMPXCHG16B | bit_POPCNT | bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2) ||
	    !ALL(w.c80, lahf))
		return 1;
	if (!ALL(w.states, 0x06) || !ALL(w.c1, bit_AVX | bit_F16C | bit_FMA | bit_MOVBE) ||
	    !ALL(w.b7, bit_AVX2 | bit_BMI | bit_BMI2) || !ALL(w.c80, lzcnt))
		return 2;
	if (!ALL(w.states, 0xe6) ||
	    !ALL(w.b7, bit_AVX512F | bit_AVX512BW | bit_AVX512CD | bit_AVX512DQ | bit_AVX512VL))
		return 3;
	return 4;
}

#else

uint64_t dlfm_hwcaps_level(void)
{
	return 0;
}

#endif
