#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
extrapolate.py [--model=PROGRAM] [--nodes=N,...] [--ranks-per-node=R] RESULTS.json
Carries the start-up times of a results.json of bench/storm beyond the machine. From the measured points of one node it
takes what the model needs (requests of the first and of each further rank, contents, CPU seconds, Slurm's launch, the
start of staging), lets dlfm-model compute the other measured points, shows both side by side, and then computes the
start on N nodes (1 to 100,000). RESULTS.json gets the points of figure "model", "model_check" and "assumptions".
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

NODES = (1, 10, 100, 1000, 10000, 100000)
RANKS_PER_NODE = 48
MODELLED = ("vanilla", "dlfm-cold", "dlfm-staged", "bcast", "image", "local")
MB = 1e6


class Model:
    """The program dlfm-model."""

    def __init__(self, program):
        self.program = program

    def _ask(self, params, *args):
        run = subprocess.run([self.program, "--params=-", *args], input=json.dumps(params), stdout=subprocess.PIPE, text=True,
                             check=True, timeout=900)
        return json.loads(run.stdout)

    def rows(self, params, nodes, ranks_per_node, methods=None):
        more = ["--methods=" + ",".join(methods)] if methods else []
        return self._ask(params, "--nodes=" + ",".join(map(str, nodes)), "--ranks-per-node=%d" % ranks_per_node, *more)

    def seconds(self, params, method, nodes, ranks_per_node):
        return self.rows(params, [nodes], ranks_per_node, [method])[0]["seconds"]

    def assumptions(self, params):
        return self._ask(params, "--assumptions")


class Measured:
    """The measured points of one application."""

    def __init__(self, results, application):
        self.points = {(p["figure"], p["method"], p["nodes"], p["ranks"]): p for p in results["series"]
                       if p["values"] and p.get("application") == application and p["figure"] in ("startup", "requests")}

    def seconds(self, method, nodes, ranks):
        p = self.points.get(("startup", method, nodes, ranks))
        return statistics.median(p["values"]) if p else None

    def places(self, figure, method):
        return sorted((n, r) for f, m, n, r in self.points if f == figure and m == method)

    def kinds(self, method, nodes, ranks):
        """(requests that are no reads, reads, megabytes), or None"""
        p = self.points.get(("requests", method, nodes, ranks))
        if not p:
            return None
        kinds, total = p["kinds"], statistics.median(p["values"])
        return total - kinds.get("read", 0), kinds.get("read", 0), kinds.get("bytes_read", 0) / MB

    def first_and_next(self, method):
        """Requests, reads and megabytes of the first rank on a node, and requests of each further one."""
        first = self.kinds(method, 1, 1)
        if not first:
            return None
        further = [max(0, (self.kinds(method, n, r)[0] - n * first[0]) / (r - n))
                   for n, r in self.places("requests", method) if r > n]
        return (*first, statistics.median(further) if further else 0)


def line(points):
    """Least squares of y = a + b x, both at least 0."""
    n, sx, sy = len(points), sum(x for x, _ in points), sum(y for _, y in points)
    sxx, sxy = sum(x * x for x, _ in points), sum(x * y for x, y in points)
    if n * sxx == sx * sx:
        return 0.0, max(0, sy / sx)
    b = max(0, (n * sxy - sx * sy) / (n * sxx - sx * sx))
    a = (sy - b * sx) / n
    return (a, b) if a >= 0 else (0.0, max(0, sxy / sxx))


def filesystem(results):
    names = {"fs_service_us": "service_us", "fs_data_service_us": "data_service_us", "fs_latency_us": "latency_us",
             "fs_bandwidth_mb_s": "bandwidth_mb_s", "fs_one_queue": "one_queue"}
    fs = results.get("filesystem", {})
    return {ours: float(fs[theirs]) for ours, theirs in names.items() if fs.get(theirs) is not None}


def application(results, name, measured, cores):
    """What a start of the application takes, from the points of one node and from local disk."""
    found, about = {}, results["applications"].get(name, {})
    lookups = measured.first_and_next("vanilla")
    if lookups:
        requests, reads, mb, further = lookups
        found.update(app_first_requests=requests, app_next_requests=further, app_mb=mb)
        if reads:
            found["fs_read_kib"] = max(1.0, mb * MB / reads / 1024)
    base = [(ranks / min(cores, ranks), measured.seconds("local", nodes, ranks))
            for nodes, ranks in measured.places("startup", "local")]
    if base:
        found["launch_s"], found["app_cpu_s"] = line(base)
    cache = about.get("cache", {})
    if cache:
        found.update(cache_mb=cache["contents_size"] / MB, cache_packed_mb=cache["file_size"] / MB,
                     cache_entries=cache["files"] + cache["directories"])
    if cache or about.get("files"):
        found["app_files"] = about.get("files", cache.get("files"))
    if about.get("lookups"):
        found["app_lookups"] = about["lookups"]
    elif lookups:
        found["app_lookups"] = 2 * lookups[0]  # calls of a rank; its own client answers about the half
    return found


def dlfm(measured):
    found = {}
    staged, cold = measured.first_and_next("dlfm-staged"), measured.kinds("dlfm-cold", 1, 1)
    if staged:
        found.update(dlfm_first_requests=staged[0], dlfm_first_mb=staged[2], dlfm_next_requests=staged[3])
    if staged and cold:
        found["stage_stale_requests"] = max(0, cold[0] - staged[0])
    return found


def peers(measured, results, name):
    found = {}
    vanilla, bcast, image = (measured.first_and_next(m) for m in ("vanilla", "bcast", "image"))
    if vanilla and bcast:
        found.update(lib_requests=max(0, vanilla[0] - bcast[0]), lib_mb=max(0, vanilla[2] - bcast[2]))
        libraries = results["applications"].get(name, {}).get("libraries")
        if libraries is not None:
            found["lib_files"] = libraries
    if image:
        found["image_mb"] = image[2]
        mount = measured.points.get(("startup", "image", 1, 1), {}).get("phases", {}).get("mount")
        if mount is not None:
            found["image_mount_s"] = mount
    return found


def client(model, params, measured):
    """Processor time that a request costs here, where client and server are processes of the machine itself."""
    places = measured.places("startup", "vanilla")
    if not places or not params.get("app_first_requests"):
        return 0
    nodes, ranks = places[0]
    rest = measured.seconds("vanilla", nodes, ranks) - model.seconds(params, "vanilla", nodes, ranks // nodes)
    return max(0, rest / model.rows(params, [nodes], ranks // nodes, ["vanilla"])[0]["requests"] * 1e6)


def methods(measured):
    """The model tells nothing of a peer of which nothing was measured; of daemons it has assumptions only."""
    return [m for m in (*MODELLED[:3], "dlfm-exec", "bcast", "image", "daemons", "local")
            if m in ("dlfm-exec", "daemons") or measured.places("startup", m)]


# What a method costs that no count tells, taken so that the smallest measured point is met: (method, assumption, times it counts).
REMAINDERS = (("dlfm-cold", "stage_start_s", lambda p: 1), ("bcast", "sbcast_file_s", lambda p: max(1, p.get("lib_files", 1))))


def remainders(model, params, machine, measured):
    found = {}
    for method, assumption, times in REMAINDERS:
        places = measured.places("startup", method)
        if places:
            nodes, ranks = places[0]
            base = model.seconds({**params, **machine, assumption: 0}, method, nodes, ranks // nodes)
            found[assumption] = max(0, (measured.seconds(method, nodes, ranks) - base) / times(params))
    return found


def check(model, params, name, measured):
    """The measured points and what the model says of them."""
    rows = []
    for method in MODELLED:
        for nodes, ranks in measured.places("startup", method):
            rows.append({"application": name, "method": method, "nodes": nodes, "ranks": ranks,
                         "measured": measured.seconds(method, nodes, ranks),
                         "model": model.seconds(params, method, nodes, ranks // nodes)})
    return rows


def calibrate(model, results, name):
    """(the model's values of this application, what is true of the virtual cluster alone, its measured points)"""
    cores = results["machine"]["cores"]
    measured = Measured(results, name)
    params = {**filesystem(results), **application(results, name, measured, cores), **dlfm(measured), **peers(measured, results, name)}
    machine = {"machine_cores": cores, "launch_hop_s": 0, "launch_task_s": 0, "fs_client_us": 0}
    machine["fs_client_us"] = client(model, {**params, **machine}, measured)
    params.update(remainders(model, params, machine, measured))
    return params, machine, measured


def extend(results, program, nodes=NODES, ranks_per_node=RANKS_PER_NODE):
    """Adds the model's points, its check and its assumptions to the results, which are changed in place."""
    model = Model(program)
    results["series"] = [p for p in results["series"] if p["figure"] != "model"]
    results["model_check"], results["assumptions"] = [], []
    names = sorted({p["application"] for p in results["series"] if p["figure"] == "startup" and p["values"]})
    for name in names:
        params, machine, measured = calibrate(model, results, name)
        results["model_check"] += check(model, {**params, **machine}, name, measured)
        for row in model.rows(params, nodes, ranks_per_node, methods(measured)):
            results["series"].append({"figure": "model", "application": name, "method": row["method"], "nodes": row["nodes"],
                                      "ranks": row["ranks"], "unit": "s", "values": [row["seconds"]],
                                      "requests": row["requests"], "phases": row["phases"]})
        for a in model.assumptions(params):
            if a["source"] == "given":
                a["source"] = "measured here"
            results["assumptions"].append({"application": name, **a})


def show(results):
    print("%-10s %-12s %7s %8s %10s %10s %8s" % ("", "", "nodes", "ranks", "measured", "model", "ratio"))
    for r in results["model_check"]:
        print("%-10s %-12s %7d %8d %8.2f s %8.2f s %8.2f" % (r["application"], r["method"], r["nodes"], r["ranks"], r["measured"],
                                                            r["model"], r["model"] / r["measured"]))
    for p in results["series"]:
        if p["figure"] == "model":
            print("%-10s %-12s %7d %8d %10s %8.2f s %11.3g requests" % (p["application"], p["method"], p["nodes"], p["ranks"], "",
                                                                      p["values"][0], p["requests"]))


def main():
    here = os.path.dirname(os.path.realpath(__file__))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=here + "/dlfm-model")
    parser.add_argument("--nodes", default=",".join(map(str, NODES)))
    parser.add_argument("--ranks-per-node", type=int, default=RANKS_PER_NODE)
    parser.add_argument("results")
    o = parser.parse_args()
    try:
        with open(o.results, encoding="utf-8") as f:
            results = json.load(f)
        if results["schema"] != 1:
            raise ValueError("schema %s, not 1" % results["schema"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        parser.error("%s: not a results.json of bench/storm: %s" % (o.results, e))
    extend(results, o.model, [int(n) for n in o.nodes.split(",")], o.ranks_per_node)
    with open(o.results + ".tmp", "w", encoding="utf-8") as f:
        json.dump(results, f, indent=1)
    os.rename(o.results + ".tmp", o.results)
    show(results)


if __name__ == "__main__":
    main()
