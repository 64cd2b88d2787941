/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pynamic's random numbers: splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014), 64-bit integer arithmetic only, so that a seed means the same sources
 * on every machine, compiler and libc.
 *
 * Each thing that is drawn (the signature of a function, the arguments of a call, ...) has a stream
 * of its own, named by the seed, a domain and an index: what is drawn for one thing does not depend
 * on the order in which things are made.
 */
#ifndef PYNAMIC_RANDOM_H
#define PYNAMIC_RANDOM_H

#include <stdint.h>

struct pyn_random {
	uint64_t state;
};

/* The finaliser of splitmix64: a bijection that spreads every bit of x. */
uint64_t pyn_mix(uint64_t x);

/* The key of a stream: a function of its three arguments alone. */
uint64_t pyn_key(uint64_t seed, uint64_t domain, uint64_t index);

/* The next 64 bits. */
uint64_t pyn_next(struct pyn_random *r);

/* A number in [0, n); n > 0 and n < 2^32. */
uint32_t pyn_below(struct pyn_random *r, uint32_t n);

/* A number in [low, high]. */
uint32_t pyn_between(struct pyn_random *r, uint32_t low, uint32_t high);

#endif
