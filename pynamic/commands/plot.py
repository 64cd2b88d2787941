# SPDX-License-Identifier: BSD-3-Clause
"""pynamic plot: startup, import and visit against ranks or number of libraries, from results of pynamic run."""
import argparse
import json

from svg import chart
from tree import Problem

PANELS = (("startup", "startup, s"), ("import", "import, s"), ("visit", "visit, s"))


def load(paths):
    """All measurements that have figures."""
    result = []
    for path in paths:
        try:
            with open(path) as file:
                content = json.load(file)
        except (OSError, ValueError) as error:
            raise Problem("%s: %s" % (path, error)) from None
        if not isinstance(content, dict) or content.get("schema") != "pynamic-run/1":
            raise Problem("%s: no result of pynamic run --json" % path)
        result += [m for m in content["measurements"] if m["metrics"]]
    if not result:
        raise Problem("there is nothing in these results that could be drawn")
    return result


def abscissa(measurement, by):
    return measurement["ranks"] if by == "ranks" else measurement["tree"]["libraries"]


def choose_axis(measurements):
    """What varies."""
    return "libraries" if len({abscissa(m, "ranks") for m in measurements}) == 1 and \
        len({abscissa(m, "libraries") for m in measurements}) > 1 else "ranks"


def series_of(measurements, by, phase, figure):
    """{name: [(x, y)]}: what is not on the x axis, but varies, is part of the name."""
    other = "libraries" if by == "ranks" else "ranks"
    several = len({abscissa(m, other) for m in measurements}) > 1
    result = {}
    for m in measurements:
        if not m["metrics"].get(phase):
            continue
        name = m["variant"] + (", cold" if m["cold"] else "")
        if several:
            name += ", %d %s" % (abscissa(m, other), other)
        result.setdefault(name, []).append((abscissa(m, by), m["metrics"][phase][figure]))
    return result


def draw_with_matplotlib(panels, x_title, path):
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        raise Problem("%s: only SVG can be drawn without python3-matplotlib" % path) from None
    figure, axes = pyplot.subplots(1, len(panels), figsize=(4.5 * len(panels), 4), squeeze=False)
    for axis, (title, series) in zip(axes[0], panels):
        for name, points in series.items():
            axis.plot(*zip(*sorted(points)), marker="o", label=name)
        axis.set_title(title)
        axis.set_xlabel(x_title)
        axis.set_ylim(bottom=0)
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(path)


def main(arguments):
    p = argparse.ArgumentParser(prog="pynamic plot", description="Draws results of pynamic run --json.")
    p.add_argument("results", nargs="+", metavar="RESULT.json")
    p.add_argument("-o", "--output", required=True, metavar="FILE",
                   help="FILE.svg; other formats (.png, .pdf) need python3-matplotlib")
    p.add_argument("--by", choices=("ranks", "libraries"), help="the x axis; without it: what varies")
    p.add_argument("--figure", choices=("min", "median", "p90", "p99", "max"), default="max",
                   help="which figure over the ranks (max)")
    options = p.parse_args(arguments)
    measurements = load(options.results)
    by = options.by or choose_axis(measurements)
    panels = [(title, series_of(measurements, by, phase, options.figure)) for phase, title in PANELS]
    panels = [(title, series) for title, series in panels if series]
    x_title = "ranks" if by == "ranks" else "generated libraries"
    if not options.output.endswith(".svg"):
        draw_with_matplotlib(panels, x_title, options.output)
        return 0
    try:
        with open(options.output, "w") as file:
            file.write(chart(panels, x_title))
    except OSError as error:
        raise Problem("cannot save the plot: %s" % error) from None
    return 0
