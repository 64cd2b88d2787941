/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The computation of the MPI test, a Mandelbrot set in fixed-point numbers: every rank computes
 * some rows, a reduction adds the iterations of all points, and the sum must be this one.
 * driver/mpi_test.py is its twin in Python.
 */
#ifndef PYNAMIC_MANDELBROT_H
#define PYNAMIC_MANDELBROT_H

#include <stdint.h>

#define PYN_MANDELBROT_SIZE	  64 /* rows and columns */
#define PYN_MANDELBROT_ITERATIONS 50 /* at most, for a point */

uint64_t pyn_mandelbrot_sum(void);

#endif
