# SPDX-License-Identifier: BSD-3-Clause
"""Figures over the ranks."""

PHASES = ("startup", "mpi_init", "import", "visit", "mpi", "total")
NUMBERS = ("minor_faults", "major_faults", "l1d_misses", "l1i_misses")


def percentile(ordered, part):
    """Nearest rank: the smallest value that is not below `part` percent of all."""
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)]


def summary(values):
    """None if there are no values."""
    ordered = sorted(value for value in values if value is not None)
    if not ordered:
        return None
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return {
        "min": ordered[0],
        "median": median,
        "p90": percentile(ordered, 90),
        "p99": percentile(ordered, 99),
        "max": ordered[-1],
    }


def over_ranks(reports):
    """Seconds of each phase, and numbers of import and visit, as summaries."""
    result = {}
    for phase in PHASES:
        nanoseconds = [report[phase]["ns"] if report[phase] else None for report in reports]
        result[phase] = summary([ns if ns is None else ns / 1e9 for ns in nanoseconds])
    for phase in ("import", "visit"):
        for number in NUMBERS:
            result[phase + "_" + number] = summary([report[phase].get(number) for report in reports])
    return result
