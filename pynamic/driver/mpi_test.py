# SPDX-License-Identifier: BSD-3-Clause
"""The MPI test's computation: pynamic/mandelbrot.c in Python. Rank r computes the rows r, r + ranks, ..."""


def quotient(n):
    """n / 2^20 towards zero, as C divides."""
    return n >> 20 if n >= 0 else -(-n >> 20)


def iterations(cx, cy, limit):
    x = y = n = 0
    while n < limit and x * x + y * y <= 4 << 40:
        x, y = quotient(x * x - y * y) + cx, quotient(2 * x * y) + cy
        n += 1
    return n


def partial_sum(setting, rank, ranks):
    size, limit = setting["size"], setting["iterations"]
    total = 0
    for row in range(rank, size, ranks):
        cy = (3 << 20) * row // size - (3 << 20) // 2
        for column in range(size):
            total += iterations((3 << 20) * column // size - (2 << 20), cy, limit)
    return total
