/* SPDX-License-Identifier: BSD-3-Clause */
/* The Mandelbrot set's sum of iterations: integers only, 20 bits behind the point, rounding towards
 * zero. */
#include "pynamic/mandelbrot.h"

#define ONE ((int64_t)1 << 20)

static unsigned iterations(int64_t cx, int64_t cy)
{
	int64_t x = 0, y = 0;
	unsigned n = 0;

	while (n < PYN_MANDELBROT_ITERATIONS && x * x + y * y <= 4 * ONE * ONE) {
		int64_t next = (x * x - y * y) / ONE + cx;

		y = 2 * x * y / ONE + cy;
		x = next;
		n++;
	}
	return n;
}

uint64_t pyn_mandelbrot_sum(void)
{
	uint64_t sum = 0;

	for (int64_t row = 0; row < PYN_MANDELBROT_SIZE; row++)
		for (int64_t column = 0; column < PYN_MANDELBROT_SIZE; column++)
			sum += iterations(3 * ONE * column / PYN_MANDELBROT_SIZE - 2 * ONE,
					  3 * ONE * row / PYN_MANDELBROT_SIZE - 3 * ONE / 2);
	return sum;
}
