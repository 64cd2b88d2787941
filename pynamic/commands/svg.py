# SPDX-License-Identifier: BSD-3-Clause
"""A small writer of line charts in SVG: panels side by side, one series a colour, a legend below."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 240, 60, 40, 80
# Okabe and Ito's colours, told apart by everybody.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933")


def nice_ticks(low, high, count=5):
    """Round numbers that cover [low, high]."""
    if high <= low:
        high = low + (abs(low) or 1)
    step = 10 ** math.floor(math.log10((high - low) / count))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= count)
    first = math.floor(low / step)
    return [round(step * i, 12) for i in range(first, math.ceil(high / step) + 1)]


def number(value):
    return "%g" % value


class Panel:
    """One chart: series are {name: [(x, y), ...]}; the x axis shows exactly the x values that occur."""

    def __init__(self, title, x_title, series, left):
        self.title, self.x_title, self.series, self.left = title, x_title, series, left
        points = [point for line in series.values() for point in line]
        self.xs = sorted({x for x, _ in points})
        self.ticks = nice_ticks(0, max(y for _, y in points))
        self.logarithmic = len(self.xs) > 2 and self.xs[0] > 0 and self.xs[-1] / self.xs[0] >= 8

    def x(self, value):
        scale = math.log if self.logarithmic else float
        low, high = scale(self.xs[0]), scale(self.xs[-1])
        part = (scale(value) - low) / (high - low) if high > low else 0.5
        return self.left + part * WIDTH

    def y(self, value):
        return TOP + HEIGHT - value / self.ticks[-1] * HEIGHT

    def axes(self):
        yield '<text class="title" x="%g" y="%g">%s</text>' % (self.left, TOP - 14, escape(self.title))
        for tick in self.ticks:
            y = self.y(tick)
            yield '<line class="grid" x1="%g" y1="%g" x2="%g" y2="%g"/>' % (self.left, y, self.left + WIDTH, y)
            yield '<text class="y" x="%g" y="%g">%s</text>' % (self.left - 6, y + 4, number(tick))
        for value in self.xs:
            yield '<text class="x" x="%g" y="%g">%s</text>' % (self.x(value), TOP + HEIGHT + 18, number(value))
        middle = self.left + WIDTH / 2
        yield '<text class="x" x="%g" y="%g">%s</text>' % (middle, TOP + HEIGHT + 38, escape(self.x_title))

    def lines(self, colours):
        for name, points in self.series.items():
            places = [(self.x(x), self.y(y)) for x, y in sorted(points)]
            path = " ".join("%.1f,%.1f" % place for place in places)
            yield '<polyline points="%s" stroke="%s"/>' % (path, colours[name])
            for x, y in places:
                yield '<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (x, y, colours[name])


STYLE = """text{font:12px sans-serif;fill:#222}.title{font-weight:bold}.y{text-anchor:end}.x{text-anchor:middle}
.grid{stroke:#ddd}polyline{fill:none;stroke-width:2}"""


def chart(panels, x_title):
    """panels: [(title, series)]. Returns the document as text."""
    names = list(dict.fromkeys(name for _, series in panels for name in series))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    width = LEFT + len(panels) * (WIDTH + GAP)
    height = TOP + HEIGHT + 60 + 18 * len(names)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d">' % (width, height),
             "<style>%s</style>" % STYLE, '<rect width="100%" height="100%" fill="#fff"/>']
    for i, (title, series) in enumerate(panels):
        panel = Panel(title, x_title, series, LEFT + i * (WIDTH + GAP))
        parts += list(panel.axes()) + list(panel.lines(colours))
    for i, name in enumerate(names):
        y = TOP + HEIGHT + 62 + 18 * i
        parts.append('<rect x="%d" y="%d" width="12" height="12" fill="%s"/>' % (LEFT, y - 10, colours[name]))
        parts.append('<text x="%d" y="%d">%s</text>' % (LEFT + 18, y, escape(name)))
    return "\n".join(parts + ["</svg>", ""])
