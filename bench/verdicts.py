# SPDX-License-Identifier: BSD-3-Clause
"""What the report says about its own figures: where DLFM is slower than a peer of the same run, and why."""
from results import median

PEERS = ("vanilla", "bcast", "image")
# Known reasons, by (figure, method, peer). They are shown only when the run shows the thing itself.
REASONS = {
    ("startup", "dlfm-cold", "vanilla"):
        "On few nodes staging costs more than it saves: a step of its own is launched, one node looks at every recorded file and directory once "
        "(two requests each, since it asks the server and not its own cache; the same number at any width), and the whole cache is decompressed "
        "on each node (the nodes are virtual: on the same cores). It is paid once a job; the staged step is faster.",
    ("startup", "dlfm-cold", "image"):
        "The image is mounted by root before the job, without a step of its own, and only the pages that are used are read and decompressed, "
        "when they are used; DLFM decompresses the whole cache on every node before the tasks start, here on the same two cores. The image "
        "makes each node read from the file system (see requests), is made of the whole tree by hand, and must be made again when it changes.",
    ("startup", "dlfm-staged", "image"):
        "Within what the runs of one method differ by: both answer from the node's memory.",
}
REASONS["startup", "dlfm-cold", "bcast"] = REASONS["startup", "dlfm-cold", "vanilla"]


def names(point):
    return "%s, %d ranks on %d nodes" % (point["application"], point["ranks"], point["nodes"])


def slower_starts(results):
    """One line a pair of method and peer, with the widths at which it shows."""
    found = {}
    for p in results.of(figure="startup"):
        if not p["method"].startswith("dlfm"):
            continue
        for peer in PEERS:
            other = results.one(**{k: p[k] for k in ("figure", "application", "nodes", "ranks")}, method=peer)
            if other and median(p) > median(other):
                found.setdefault((p["method"], peer), []).append(
                    "%s: %.2f s, %.2f s" % (names(p), median(p), median(other)))
    for (method, peer), where in found.items():
        yield {"what": "Start-up: %s is slower than %s (%s)" % (method, peer, "; ".join(where)),
               "why": REASONS.get(("startup", method, peer), "Not explained.")}


def slower_staging(results):
    for p in results.of(figure="staging", method="tcp"):
        other = results.one(figure="staging", method="sbcast", nodes=p["nodes"], mib=p["mib"])
        if other and median(p) > median(other):
            yield {"what": "Staging %d MiB to %d nodes: tcp %.2f s, sbcast %.2f s" % (p["mib"], p["nodes"], median(p), median(other)),
                   "why": "For small caches the start of the step counts: `srun --mpi=pmix` with PMIx_Init on every node, where sbcast "
                          "talks to daemons that run already. sbcast leaves a file; dlfm-stage leaves a checked image."}


def missed(results):
    for p in results.of(figure="micro"):
        if p.get("limit") is not None and median(p) > p["limit"]:
            yield {"what": "%s: %.4g %s, promised %.4g" % (p["name"], median(p), p["unit"], p["limit"]),
                   "why": "See `make bench`. On a machine that does other things, repeat it."}


def growth(results):
    """Requests that grow with the job although they should not: beyond the exec of the program on each node."""
    for a in {p["application"] for p in results.of(figure="requests")}:
        mine = sorted((p for p in results.of(figure="requests", application=a, method="dlfm-cold")), key=lambda p: p["nodes"])
        theirs = sorted((p for p in results.of(figure="requests", application=a, method="vanilla")), key=lambda p: p["nodes"])
        if len(mine) > 1 and len(theirs) > 1 and mine[-1]["nodes"] > mine[0]["nodes"]:
            nodes = mine[-1]["nodes"] - mine[0]["nodes"]
            more = (median(mine[-1]) - median(mine[0])) / nodes
            vanilla = (median(theirs[-1]) - median(theirs[0])) / nodes
            if more >= 1:
                yield {"what": "%s: each further node adds %.0f requests (vanilla: %.0f)" % (a, more, vanilla),
                       "why": "They are the exec of the program itself: the kernel looks up and reads its file, which is not answered from the "
                              "image (an exec'ed file would show another path in /proc)."}


def slower(results):
    return [*slower_starts(results), *slower_staging(results), *missed(results), *growth(results)]


def overlap(point):
    """One sentence on a timeline: the work of each stage, and when all was over."""
    stages = {}
    for e in point["events"]:
        stages.setdefault(e["stage"].split()[0], []).append(e)
    texts = ["%s %.2f s" % (s, sum(e["end"] - e["begin"] for e in es)) for s, es in stages.items()]
    last = max(e["end"] for e in stages["receive"]) if "receive" in stages else 0
    return "Of %.2f s: %s; the last file was there %.0f ms after the last byte had come." % (
        point["values"][0], ", ".join(texts), 1e3 * (point["values"][0] - last))
