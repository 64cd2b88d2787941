# SPDX-License-Identifier: BSD-3-Clause
"""pynamic run: runs the variants, checks their results, prints Tables 1 and 2."""
import argparse
import json
import os
import platform
import sys
import time

import figures
import report
import variants
from cold import make_cold
from dlfm import Dlfm
from ranks import Output, Starter
from tree import Problem, Tree


def ranks_list(text):
    try:
        result = [int(part) for part in text.split(",")]
    except ValueError:
        result = [0]
    if min(result) < 1 or max(result) > 10_000_000:
        raise argparse.ArgumentTypeError("give numbers of ranks from 1 on, with commas: 1,2,4")
    return result


def positive(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("give a number from 1 on")
    return int(text)


def parse(arguments):
    p = argparse.ArgumentParser(prog="pynamic run", description="Runs a built tree and measures what loading costs.")
    p.add_argument("trees", nargs="+", metavar="DIRECTORY", help="generated and built trees")
    p.add_argument("--variants", default="vanilla,link,link+bind", metavar="LIST",
                   help="vanilla, vanilla+bind, link, link+bind; dlfm: each of them under dlfm replay, too")
    p.add_argument("-n", "--ranks", type=ranks_list, default=[1], metavar="LIST", help="numbers of ranks: 1,2,4")
    p.add_argument("--with", dest="kind", choices=("launcher", "python", "mpi4py"), default="launcher",
                   help="what runs the driver: the built launcher, a plain Python without MPI, or with mpi4py")
    p.add_argument("--python", default=sys.executable, metavar="COMMAND", help="that Python")
    p.add_argument("--mpirun", metavar="COMMAND", help="how ranks are started: 'srun -N 4 -n {ranks}'")
    p.add_argument("--repeat", type=positive, default=1, metavar="N", help="runs; the median one is shown")
    p.add_argument("--cold", choices=("tree", "system"),
                   help="drop from the page cache before each run: the tree and Python's library, or all (root)")
    p.add_argument("--table2", action="store_true", help="count cache misses, print Table 2")
    p.add_argument("--detail", action="store_true", help="time of each module's import, in the JSON")
    p.add_argument("--dlfm", default="dlfm", metavar="COMMAND", help="the dlfm command")
    p.add_argument("--cache", metavar="FILE", help="replay this cache instead of recording one")
    p.add_argument("--scratch", metavar="DIRECTORY", help="where all ranks can write their reports (the tree)")
    p.add_argument("--timeout", type=positive, default=3600, metavar="SECONDS", help="limit of one run (3600)")
    p.add_argument("--json", metavar="FILE", help="all results, and each rank's; - is standard output")
    p.add_argument("-q", "--quiet", action="store_true", help="no progress")
    return p.parse_args(arguments)


def driver_options(options):
    return (["--counters"] if options.table2 else []) + (["--detail"] if options.detail else [])


def not_replayed(variant, reports):
    """Under replay, a library that came from the tree makes the row one of something else."""
    if not variant.dlfm:
        return []
    return ["rank %d: %d libraries were not loaded from the cache" % (r["rank"], r["libraries"]["tree"])
            for r in reports if r.get("libraries", {}).get("tree")]


def run_once(starter, tree, variant, ranks, options, wrap, output):
    """One run; returns what it gave, with errors as texts."""
    make_cold(options.cold, tree)
    command = wrap(starter.command(tree, variant, ranks, output.path, driver_options(options)))
    status, wall = starter.run(command)
    reports = output.reports()
    errors = ["rank %d: %s" % (r["rank"], error) for r in reports for error in r["errors"]]
    errors += not_replayed(variant, reports)
    if status is None:
        errors.append("stopped after %d s" % options.timeout)
    elif status != 0:
        errors.append("status %d of: %s" % (status, " ".join(command)))
    if len(reports) != ranks:
        errors.append("%d of %d ranks reported" % (len(reports), ranks))
    return {"wall": wall, "errors": errors, "per_rank": reports}


def measure(starter, tree, variant, ranks, options, output):
    """One row: as many runs as asked for; the median one (by its slowest rank) gives the figures."""
    wrap, about = (lambda command: command), None
    if variant.dlfm:
        recorder = Dlfm(options.dlfm, options.cache, output.directory, starter)
        about = recorder.record(tree, starter.command(tree, variant, 1, output.path, []), variant)
        output.reports()
        wrap = recorder.replay_command
    runs = [run_once(starter, tree, variant, ranks, options, wrap, output) for _ in range(options.repeat)]
    good = sorted((run for run in runs if not run["errors"]),
                  key=lambda run: max(r["total"]["ns"] for r in run["per_rank"]))
    shown = good[(len(good) - 1) // 2] if good else None
    counters = shown["per_rank"][0].get("counters", {}) if shown else {}
    return {
        "tree": tree.brief(),
        "variant": variant.name,
        "ranks": ranks,
        "with": starter.kind,
        "cold": options.cold,
        "dlfm": about,
        "metrics": figures.over_ranks(shown["per_rank"]) if shown else {},
        "counters": ["%s: %s" % item for item in sorted(counters.items())],
        "runs": runs,
        "errors": [error for run in runs for error in run["errors"]],
    }


def machine():
    return {
        "host": platform.node(),
        "system": " ".join((platform.system(), platform.release(), platform.machine())),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def save_json(result, path):
    text = json.dumps(result, indent=1) + "\n"
    if path == "-":
        sys.stdout.write(text)
        return
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError as error:
        raise Problem("cannot save the results: %s" % error) from None


def measure_all(options):
    trees = [Tree(directory) for directory in options.trees]
    chosen = variants.parse(options.variants)
    starter = Starter(options.kind, options.python, options.mpirun, options.timeout)
    for tree in trees:
        for variant in chosen:
            starter.interpreter(tree, variant)
    measurements = []
    for tree in trees:
        with Output(tree, options.scratch) as output:
            for ranks in options.ranks:
                for variant in chosen:
                    if not options.quiet:
                        print("pynamic: %s, %s, %d ranks" % (tree.directory, variant.name, ranks), file=sys.stderr)
                    measurements.append(measure(starter, tree, variant, ranks, options, output))
    return measurements


def main(arguments):
    options = parse(arguments)
    measurements = measure_all(options)
    if options.json != "-":
        report.table1(measurements)
        report.over_ranks(measurements)
        if options.table2:
            report.table2(measurements)
    if options.json:
        save_json({"schema": "pynamic-run/1", "machine": machine(), "measurements": measurements}, options.json)
    failed = [(m, error) for m in measurements for error in m["errors"]]
    for m, error in failed:
        print("pynamic: %s, %d ranks: %s" % (m["variant"], m["ranks"], error), file=sys.stderr)
    return 1 if failed else 0
