# SPDX-License-Identifier: BSD-3-Clause
"""The storm report: text, tables and plots from results.json, as report.md and report.html."""
import plots
import verdicts
from document import Document
from results import median, spread

METHODS = ("vanilla", "bcast", "image", "dlfm-cold", "dlfm-staged", "local")
TRANSPORTS = ("sbcast", "tcp", "tcp-chain", "mpi", "pmix")
KINDS = ("lookup", "getattr", "open", "read", "readdir", "readlink")


def number(value, unit=""):
    if value is None:
        return None
    text = "%d" % value if value == int(value) and abs(value) >= 10 else "%.3g" % value
    return text + (" " + unit if unit else "")


def timed(point):
    """Median and span, as text."""
    if not point:
        return "-"
    low, high = spread(point)
    if len(point["values"]) == 1:
        return "%.2f" % low
    return "%.2f (%.2f-%.2f)" % (median(point), low, high)


def places(points):
    return sorted({(p["nodes"], p["ranks"]) for p in points})


class Report:
    def __init__(self, results, directory):
        self.results, self.data, self.directory = results, results.data, directory
        self.doc = Document("DLFM: the storm bench")

    def picture(self, text, function, *arguments):
        if plots.available():
            self.doc.picture(function(self.directory, *arguments), text)

    def applications(self, figure):
        return [a for a in self.data["applications"] if self.results.of(figure=figure, application=a)]

    # --- sections

    def head(self):
        d, m = self.data, self.data.get("machine", {})
        self.doc.text(
            "DLFM %s, %s. %s, %s cores, %s MiB of memory, Linux %s, glibc %s, Slurm %s. %s" % (
                d.get("version"), d.get("made"), m.get("cpu"), m.get("cores"), m.get("memory_mib"), m.get("kernel"), m.get("glibc"),
                m.get("slurm"), "Load of the machine before the start: %.1f." % m["load_before"] if "load_before" in m else ""),
            "All nodes are virtual: they share this machine's cores, its memory bandwidth and its page cache. Counts of requests are what "
            "real nodes would ask for; times show the order of things, and what is bound by the processor grows with the ranks here, "
            "where on real nodes each has cores of its own. Tables show the median, and the fastest and slowest run in brackets.")
        if d.get("quick"):
            self.doc.text("**Made with --size=%s: few runs, small sizes.**" % d.get("size"))
        if m.get("load_before", 0) > 1:
            self.doc.text("**The machine had other things to do: times are not to be trusted.**")

    def startup(self):
        names = self.applications("startup")
        if not names:
            return
        f = self.data.get("filesystem", {})
        self.doc.heading("Start-up against ranks")
        self.doc.text(
            "Seconds from `srun` until the last rank has all it imports. Software, cache and image lie on a FUSE file system mounted on each "
            "node (`dlfm-slowfs --preset=%s`: %.0f us service a request at the one queue of all nodes, %.0f us latency). Each run begins with nodes "
            "that know nothing of the software; methods take turns. **DLFM, already staged** is a second step of the same job. **Local disk** "
            "is the software in the machine's page cache: the limit." % (f.get("preset"), f.get("service_us", 0), f.get("latency_us", 0)))
        self.picture("start-up time against ranks", plots.by_width, "startup",
                     [(a, self.results.of(figure="startup", application=a)) for a in names], METHODS, "seconds to start")
        for a in names:
            points = self.results.of(figure="startup", application=a)
            about = self.data["applications"][a]
            runs = max(len(p["values"]) for p in points)
            self.doc.text("**%s**: %s. cache.dat: %.1f MB; runs of each: %d." % (a, about["title"], about.get("cache_bytes", 0) / 1e6, runs))
            self.width_table("startup", a, timed)

    def width_table(self, figure, application, show):
        """Methods down, widths across; a method that could not be had says why."""
        points = self.results.of(figure=figure, application=application)
        across = places(points)
        rows = []
        for m in METHODS:
            found = [self.results.one(figure=figure, application=application, method=m, nodes=n, ranks=r) for n, r in across]
            if any(found):
                rows.append([plots.title_of(m)] + [show(p) if p else "-" for p in found])
            else:
                why = [s["why"] for s in self.data["skipped"] if s.get("method") == m and s.get("application") == application]
                rows.append([plots.title_of(m) + ": not measured" + (", " + why[0] if why else "")] + ["-"] * len(across))
        self.doc.table(["ranks on nodes"] + ["%d on %d" % (r, n) for n, r in across], rows)

    def requests(self):
        names = self.applications("requests")
        if not names:
            return
        self.doc.heading("Requests against ranks and nodes")
        self.doc.text("Requests that reached the file system in the same runs (the smaller points in runs of their own). What is flat does not grow "
                      "with the job. The image's reads are large; every node reads what it needs of it.")
        self.picture("requests against ranks and nodes", plots.by_width, "requests",
                     [(a, self.results.of(figure="requests", application=a)) for a in names], METHODS, "requests")
        for a in names:
            self.doc.text("**%s**" % a)
            self.width_table("requests", a, lambda p: "%d" % median(p))
            self.by_kind(a)

    def by_kind(self, application):
        points = self.results.of(figure="requests", application=application)
        nodes, ranks = places(points)[-1]
        rows = []
        for m in METHODS:
            p = self.results.one(figure="requests", application=application, method=m, nodes=nodes, ranks=ranks)
            if p:
                kinds = p["kinds"]
                rest = sum(v for k, v in kinds.items() if k not in KINDS and isinstance(v, int) and k not in (
                    "absent", "bytes_read", "release", "releasedir"))
                rows.append([plots.title_of(m), "%d" % median(p), *(kinds.get(k, 0) for k in KINDS), rest, kinds.get("absent", 0),
                             "%.1f" % (kinds.get("bytes_read", 0) / 1e6), "%.2f" % kinds.get("server_busy_seconds", 0)])
        self.doc.text("By kind, %d ranks on %d nodes (absent: lookups of names that are not there):" % (ranks, nodes))
        self.doc.table(["", "requests", *KINDS, "others", "absent", "MB read", "server busy, s"], rows)

    def staging(self):
        points = self.results.of(figure="staging")
        if not points:
            return
        self.doc.heading("Staging")
        self.doc.text("Seconds until every node has the image, by transport, and sbcast, which only copies the file: it neither checks, nor "
                      "decompresses, nor makes files of it. The start of the step is part of the time. The contents cannot be compressed.")
        self.picture("staging time against size and nodes", plots.staging, points, TRANSPORTS)
        across = sorted({(p["nodes"], p["mib"]) for p in points})
        self.doc.table(["MiB to nodes"] + ["%d to %d" % (mib, n) for n, mib in across],
                       [[plots.title_of(m)] + [timed(self.results.one(figure="staging", method=m, nodes=n, mib=mib)) for n, mib in across]
                        for m in TRANSPORTS if self.results.of(figure="staging", method=m)])
        for p in self.results.of(figure="timeline"):
            self.doc.text("**Overlap**: what one node that is not the first does when (`dlfm-stage --trace`); each bar is a chunk received, a frame "
                          "decompressed, a frame checked and written. %s" % verdicts.overlap(p))
            self.picture("timeline of one node", plots.timeline, p)

    def micro(self):
        points = self.results.of(figure="micro")
        if not points:
            return
        self.doc.heading("Micro")
        self.doc.table(["", "measured", "limit"], [[p["name"], number(median(p), p["unit"]), number(p.get("limit"))] for p in points])

    def model(self):
        points = self.results.of(figure="model")
        if not points:
            return
        self.doc.heading("Beyond the machine")
        self.doc.text("Seconds by the discrete-event model (`bench/dlfm-model`), calibrated with the figures above, with %d ranks a node; both axes of "
                      "the picture are logarithmic. What was not measured here, daemons and nodes that have the program itself, rests on assumptions." % (
                          points[0]["ranks"] // points[0]["nodes"]))
        names = sorted({p["application"] for p in points})
        self.picture("seconds against nodes by the model", plots.model, [(a, [p for p in points if p["application"] == a]) for a in names])
        for a in names:
            mine = [p for p in points if p["application"] == a]
            methods = list(dict.fromkeys(p["method"] for p in mine))
            self.doc.table([a + ", nodes"] + [plots.title_of(m) for m in methods],
                           [["%d" % n] + [number(next((median(p) for p in mine if p["nodes"] == n and p["method"] == m), None)) or "-"
                                          for m in methods] for n in sorted({p["nodes"] for p in mine})])
        self.doc.text("**The model beside the measured points** (seconds):")
        self.doc.table(["application", "method", "nodes", "ranks", "measured", "model", "ratio"],
                       [[c["application"], c["method"], c["nodes"], c["ranks"], "%.2f" % c["measured"], "%.2f" % c["model"],
                         "%.2f" % (c["model"] / c["measured"])] for c in self.data.get("model_check", [])])
        self.doc.text("**Assumptions**")
        rows = self.data.get("assumptions", [])
        head = list(dict.fromkeys(k for r in rows for k in r))
        self.doc.table(head, [[number(r[k]) if isinstance(r.get(k), (int, float)) else r.get(k) for k in head] for r in rows])

    def slower(self):
        found = verdicts.slower(self.results)
        self.data["slower"] = found
        self.doc.heading("What is slower, and why")
        if found:
            self.doc.items("**%s.** %s" % (s["what"], s["why"]) for s in found)
        else:
            self.doc.text("Nothing that was measured: neither than a peer in the same run, nor than the figures that the project promises.")

    def skipped(self):
        rows = self.data["skipped"]
        if rows:
            self.doc.heading("What was left out")
            self.doc.items("%s: %s" % (", ".join("%s" % (v if k not in ("nodes", "ranks") else "%d %s" % (v, k))
                                                 for k, v in s.items() if k != "why"), s["why"].replace("\n", " ")) for s in rows)
        if not plots.available():
            self.doc.text("Plots: python3-matplotlib is not installed.")

    def write(self):
        for section in (self.head, self.startup, self.requests, self.staging, self.micro, self.model, self.slower, self.skipped):
            section()
        self.doc.heading("How it was measured")
        self.doc.text("`bench/storm` made this report; results.json beside it has every single run, and bench/README.md says what its members "
                      "mean. The model of the file system, and where its figures come from, stand in dlfm-slowfs(1).")
        self.doc.write(self.directory)


def write(results, directory):
    Report(results, directory).write()
    results.save()
