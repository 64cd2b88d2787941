/* SPDX-License-Identifier: BSD-3-Clause */
/* splitmix64 and its named streams. */
#include "pynamic/random.h"

#define GAMMA 0x9e3779b97f4a7c15ULL

uint64_t pyn_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

uint64_t pyn_key(uint64_t seed, uint64_t domain, uint64_t index)
{
	return pyn_mix(pyn_mix(pyn_mix(seed + GAMMA) + domain * GAMMA) + index * GAMMA);
}

uint64_t pyn_next(struct pyn_random *r)
{
	r->state += GAMMA;
	return pyn_mix(r->state);
}

uint32_t pyn_below(struct pyn_random *r, uint32_t n)
{
	/* The upper 32 bits, scaled: no division, and a bias below n / 2^32. */
	return (uint32_t)(((pyn_next(r) >> 32) * n) >> 32);
}

uint32_t pyn_between(struct pyn_random *r, uint32_t low, uint32_t high)
{
	return low + pyn_below(r, high - low + 1);
}
