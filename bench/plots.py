# SPDX-License-Identifier: BSD-3-Clause
"""The plots of the storm report, by matplotlib: medians, the span from fastest to slowest run, axes from zero."""
import os

try:
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot
    from matplotlib.ticker import MaxNLocator
except ImportError:
    matplotlib = None

from results import median, spread

STYLES = {  # of methods: colour, marker, title
    "vanilla": ("#d62728", "o", "vanilla"),
    "bcast": ("#ff7f0e", "s", "srun --bcast --send-libs"),
    "image": ("#9467bd", "D", "squashfs image"),
    "dlfm-cold": ("#1f77b4", "^", "DLFM, staging included"),
    "dlfm-staged": ("#17becf", "v", "DLFM, already staged"),
    "local": ("#555555", "x", "local disk (the limit)"),
    "daemons": ("#8c564b", "P", "a tree of daemons"),
    "dlfm-exec": ("#7fa8d1", "<", "DLFM, program on the nodes"),
    "sbcast": ("#ff7f0e", "s", "sbcast (copies the file only)"),
    "tcp": ("#1f77b4", "^", "dlfm-stage, tcp tree"),
    "tcp-chain": ("#17becf", "v", "dlfm-stage, tcp chain"),
    "mpi": ("#2ca02c", "P", "dlfm-stage, mpi"),
    "pmix": ("#9467bd", "D", "dlfm-stage, pmix"),
}
STAGES = {"receive": "#1f77b4", "read": "#1f77b4", "decompress": "#2ca02c", "write": "#ff7f0e"}


def available():
    return matplotlib is not None


def style(method):
    return STYLES.get(method, ("#000000", ".", method))


def title_of(method):
    return style(method)[2]


class Figure:
    """One picture of one or more panels, saved as SVG and PNG."""

    def __init__(self, directory, name, panels=1, size=(6.4, 4.2)):
        matplotlib.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 9.5, "axes.spines.top": False,
                                    "axes.spines.right": False, "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e5e5e5"})
        self.file = os.path.join(directory, name)
        self.figure, axes = pyplot.subplots(1, panels, figsize=(size[0] * panels, size[1]), squeeze=False)
        self.axes = list(axes[0])

    def save(self):
        self.figure.tight_layout()
        self.figure.savefig(self.file + ".svg", metadata={"Date": None})
        self.figure.savefig(self.file + ".png", dpi=110)
        pyplot.close(self.figure)
        return os.path.basename(self.file) + ".svg"


def curves(axis, points, x, methods, x_label, y_label, title, ticks=None):
    """A curve a method over x(point); places are evenly spaced and named, as they are not on a scale of their own."""
    places = sorted({x(p) for p in points})
    names = [ticks[v] if ticks else str(v) for v in places]
    for method in methods:
        mine = sorted((p for p in points if p["method"] == method), key=x)
        if not mine:
            continue
        colour, marker, label = style(method)
        at = [places.index(x(p)) for p in mine]
        low, high = zip(*(spread(p) for p in mine))
        axis.plot(at, [median(p) for p in mine], color=colour, marker=marker, label=label, linewidth=1.6, markersize=5)
        if max(len(p["values"]) for p in mine) > 1:
            axis.vlines(at, low, high, color=colour, linewidth=4, alpha=0.25)
    axis.set_xticks(range(len(places)), names)
    axis.set_xlim(-0.3, len(places) - 0.7)
    axis.set_ylim(0, None)
    axis.yaxis.set_major_locator(MaxNLocator(integer=False, nbins=7))
    axis.set_xlabel(x_label)
    axis.set_ylabel(y_label)
    axis.set_title(title, fontsize=10.5)


def by_width(directory, name, panels, methods, y_label):
    """Panels [(title, points)]: values against ranks and nodes, one legend."""
    picture = Figure(directory, name, len(panels))
    for axis, (title, points) in zip(picture.axes, panels):
        ticks = {(p["ranks"], p["nodes"]): "%d\non %d" % (p["ranks"], p["nodes"]) for p in points}
        curves(axis, points, lambda p: (p["ranks"], p["nodes"]), methods, "ranks on nodes", y_label, title, ticks)
    legend(picture)
    return picture.save()


def legend(picture, columns=3):
    handles, labels = max((a.get_legend_handles_labels() for a in picture.axes), key=lambda h: len(h[1]))
    rows = -(-len(labels) // columns)
    picture.figure.set_figheight(picture.figure.get_figheight() + 0.22 * rows)
    picture.figure.legend(handles, labels, loc="upper center", ncol=columns, frameon=False, bbox_to_anchor=(0.5, 0.0))
    matplotlib.rcParams["savefig.bbox"] = "tight"


def staging(directory, points, methods):
    """Against the size on the most frequent number of nodes, against nodes at the most frequent size."""
    def frequent(what):
        values = [p[what] for p in points]
        return max(sorted(set(values)), key=lambda v: len({(p["nodes"], p["mib"]) for p in points if p[what] == v}))
    nodes, mib = frequent("nodes"), frequent("mib")
    picture = Figure(directory, "staging", 2)
    curves(picture.axes[0], [p for p in points if p["nodes"] == nodes], lambda p: p["mib"], methods, "MiB", "seconds",
           "on %d nodes" % nodes)
    curves(picture.axes[1], [p for p in points if p["mib"] == mib], lambda p: p["nodes"], methods, "nodes", "seconds",
           "%d MiB" % mib)
    legend(picture)
    return picture.save()


def timeline(directory, point):
    """What one node does when: a row a stage, a bar each piece of work."""
    stages = list(dict.fromkeys(e["stage"] for e in point["events"]))
    picture = Figure(directory, "timeline", 1, (8.5, 0.8 + 0.5 * len(stages)))
    axis = picture.axes[0]
    for row, stage in enumerate(stages):
        bars = [(e["begin"], max(e["end"] - e["begin"], 0.0002)) for e in point["events"] if e["stage"] == stage]
        axis.broken_barh(bars, (row - 0.4, 0.8), color=STAGES.get(stage.split()[0], "#777777"))
    axis.set_yticks(range(len(stages)), stages)
    axis.invert_yaxis()
    axis.set_xlim(0, None)
    axis.set_xlabel("seconds since the first byte came")
    axis.set_title("one node of %d receives, decompresses and writes %d MiB" % (point["nodes"], point["mib"]), fontsize=10.5)
    return picture.save()


def model(directory, panels):
    """Panels [(title, points)]: seconds against nodes, both logarithmic."""
    picture = Figure(directory, "model", len(panels))
    for axis, (title, points) in zip(picture.axes, panels):
        for method in dict.fromkeys(p["method"] for p in points):
            mine = sorted((p for p in points if p["method"] == method), key=lambda p: p["nodes"])
            colour, marker, label = style(method)
            axis.plot([p["nodes"] for p in mine], [median(p) for p in mine], color=colour, marker=marker, label=label, markersize=4)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("nodes")
        axis.set_ylabel("seconds to start (model)")
        axis.set_title(title, fontsize=10.5)
    legend(picture)
    return picture.save()
