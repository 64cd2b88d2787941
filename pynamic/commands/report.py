# SPDX-License-Identifier: BSD-3-Clause
"""The tables of pynamic run."""

COLUMNS = (("startup", "startup"), ("mpi_init", "MPI init"), ("import", "import"), ("visit", "visit"),
           ("mpi", "MPI test"), ("total", "total"))


def seconds(value):
    return "-" if value is None else "%.4f" % value


def count(value):
    return "-" if value is None else "%d" % value


def print_rows(title, head, rows):
    """Aligned: the first column left, all others right."""
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    print(title)
    for row in [head] + rows:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))


def cell(metrics, name, figure):
    return metrics[name][figure] if metrics.get(name) else None


def name_of(measurement, trees):
    name = measurement["variant"] + (", cold" if measurement["cold"] else "")
    return "%s: %s" % (measurement["tree"]["directory"], name) if trees > 1 else name


def table1(measurements):
    trees = len({m["tree"]["directory"] for m in measurements})
    rows = []
    for m in measurements:
        row = [name_of(m, trees), str(m["ranks"])]
        rows.append(row + [seconds(cell(m["metrics"], name, "max")) for name, _ in COLUMNS])
    print_rows("Table 1: seconds until the slowest rank was done", ["variant", "ranks"] + [t for _, t in COLUMNS], rows)


def over_ranks(measurements):
    """For more than one rank: how far apart they are."""
    trees = len({m["tree"]["directory"] for m in measurements})
    figures = ("min", "median", "p90", "p99", "max")
    rows = []
    for m in measurements:
        for name, title in COLUMNS:
            if m["ranks"] > 1 and m["metrics"].get(name):
                row = ["%s, %d ranks: %s" % (name_of(m, trees), m["ranks"], title)]
                rows.append(row + [seconds(m["metrics"][name][figure]) for figure in figures])
    if rows:
        print()
        print_rows("Over the ranks, seconds", ["phase"] + list(figures), rows)


def table2(measurements):
    """Medians over the ranks."""
    trees = len({m["tree"]["directory"] for m in measurements})
    head = ["variant", "ranks"]
    for phase in ("import", "visit"):
        head += [phase + ": L1D misses", "L1I misses", "page faults", "major"]
    rows = []
    for m in measurements:
        row = [name_of(m, trees), str(m["ranks"])]
        for phase in ("import", "visit"):
            for number in ("l1d_misses", "l1i_misses", "minor_faults", "major_faults"):
                row.append(count(cell(m["metrics"], phase + "_" + number, "median")))
        rows.append(row)
    print()
    print_rows("Table 2: misses and faults, median over the ranks", head, rows)
    for text in sorted({reason for m in measurements for reason in m["counters"] if "counted" not in reason}):
        print("  " + text)
