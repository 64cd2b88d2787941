# SPDX-License-Identifier: BSD-3-Clause
"""Staging, by bench/staging: all transports and sbcast, by size and nodes; the timeline of one node."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
METHODS = ("sbcast", "tcp", "tcp-chain", "mpi", "pmix")
PMIX_LIMIT = 64  # MiB: beyond, pmix takes minutes and gigabytes


def call(bench, nodes, mib, runs, methods, *more):
    """bench/staging's result."""
    result = bench.work + "/staging.json"
    if os.path.exists(result):
        os.unlink(result)
    run = subprocess.run([sys.executable, HERE + "/staging", "--build=" + bench.build, "--nodes=%d" % nodes, "--size=%d" % mib,
                          "--runs=%d" % runs, "--methods=" + ",".join(methods), "--no-memory", "--json=" + result, *more],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    if not os.path.exists(result):  # status 1 with a result: a figure is missed; the report tells
        raise SystemExit("storm: bench/staging: status %d: %s" % (run.returncode, run.stderr[-500:]))
    with open(result, encoding="ascii") as f:
        return json.load(f)


def available(bench):
    """The methods that were built; what is missing is told."""
    if os.path.exists(bench.build + "/pmix-dist/dlfm-stage-mpi"):
        return METHODS
    bench.results.skip("dlfm-stage-mpi is not built", figure="staging", method="mpi")
    return tuple(m for m in METHODS if m != "mpi")


def run(bench):
    size, results = bench.size, bench.results
    results.forget("staging", "timeline")
    for nodes, mib in size.staging:
        methods = [m for m in available(bench) if m != "pmix" or mib <= PMIX_LIMIT]
        bench.progress("%d MiB to %d nodes" % (mib, nodes))
        result = call(bench, nodes, mib, size.staging_runs, methods)
        for method, why in result["failed"].items():
            results.skip("%d MiB to %d nodes: %s" % (mib, nodes, why), figure="staging", method=method)
        for method, values in result["seconds"].items():
            results.point(figure="staging", method=method, nodes=nodes, mib=mib)["values"] += values
    nodes, mib = size.timeline
    bench.progress("timeline of a node, %d MiB to %d nodes" % (mib, nodes))
    trace = bench.work + "/trace.json"
    call(bench, nodes, mib, 1, ["tcp"], "--trace=" + trace)
    with open(trace, encoding="ascii") as f:
        events = json.load(f)
    point = results.point(figure="timeline", nodes=nodes, mib=mib)
    point["events"] = events
    point["values"].append(max(e["end"] for e in events))
