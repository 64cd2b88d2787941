# SPDX-License-Identifier: BSD-3-Clause
"""pynamic tools: what the application's libraries cost a debugger, the paper's Table 4.

Phase 1: from the debugger's start until it is attached to the application, which has all pre-linked libraries loaded and
has imported nothing yet, and has set a breakpoint, for which it has read the symbols. Phase 2: from there until it reports
that all modules were imported, and has found a function of the last one: it follows the dynamic loads.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from cold import make_cold
from gdb import Gdb
from ranks import stop_group
from run import machine, positive, save_json
from tree import Problem, Tree
from variants import Variant


class Application:
    """The application on one rank, waiting until it is released."""

    def __init__(self, tree, variant, timeout):
        self.timeout = timeout
        self.output = tempfile.NamedTemporaryFile(prefix="pynamic-tools.")
        go_read, self.go = os.pipe()
        held_read, held = os.pipe()
        command = [tree.launcher(variant.linked), tree.driver(), tree.directory, self.output.name, "--mpi=none",
                   "--hold=%d,%d" % (go_read, held)]
        environment = dict(os.environ, **tree.environment(), **variant.environment)
        self.process = subprocess.Popen(command, env=environment, pass_fds=(go_read, held), start_new_session=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(go_read)
        os.close(held)
        with os.fdopen(held_read) as file:
            if file.readline() != "held\n":
                self.close()
                raise Problem("%s: the application ended before a debugger could attach" % tree.directory)

    def release(self):
        os.write(self.go, b"\n")

    def finish(self):
        """Waits for its end; returns the errors that it found in itself."""
        try:
            status = self.process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            return ["the application did not end"]
        return ["the application's status is %d" % status] if status else []

    def close(self):
        os.close(self.go)
        stop_group(self.process)
        self.output.close()


def without_tool(tree, variant, timeout):
    """Seconds of the imports alone, for comparison with phase 2."""
    application = Application(tree, variant, timeout)
    try:
        application.release()
        errors = application.finish()
        if errors:
            raise Problem("without a debugger: " + errors[0])
        with open(application.output.name + ".0") as file:
            return json.load(file)["import"]["ns"] / 1e9
    finally:
        if os.path.exists(application.output.name + ".0"):
            os.unlink(application.output.name + ".0")
        application.close()


def address_of(gdb, function):
    """By its address, since a breakpoint by name is looked up anew in all symbols at every load."""
    return re.search(r"0x[0-9a-f]+", gdb.send("-data-evaluate-expression &" + function))[0]


def follow(tree, variant, options, cold):
    """One debugger on one application; seconds of both phases."""
    application = Application(tree, variant, options.timeout)
    gdb = None
    try:
        make_cold(cold, tree)
        start = time.monotonic()
        gdb = Gdb(options.gdb, options.timeout)
        gdb.send("-gdb-set confirm off")
        gdb.send("-gdb-set auto-load off")
        gdb.send("-target-attach %d" % application.process.pid)
        attached = time.monotonic()
        gdb.send("-break-insert *" + address_of(gdb, "pynamic_mark"))
        ready = time.monotonic()
        libraries = gdb.send("-file-list-shared-libraries").count("{id=")
        application.release()
        released = time.monotonic()
        gdb.send("-exec-continue")
        stop = gdb.wait_stopped()
        if "breakpoint-hit" not in stop:
            raise Problem("gdb: the imports were not reached: " + stop)
        address_of(gdb, tree.manifest["modules"][-1]["name"] + "_extern")
        imported = time.monotonic()
        libraries_then = gdb.send("-file-list-shared-libraries").count("{id=")
        gdb.send("-target-detach")
        return {"attach": attached - start, "phase1": ready - start, "phase2": imported - released, "libraries_attached": libraries,
                "libraries_imported": libraries_then, "errors": application.finish()}
    finally:
        if gdb:
            gdb.close()
        if os.path.exists(application.output.name + ".0"):
            os.unlink(application.output.name + ".0")
        application.close()


def measure(tree, variant, options):
    """Cold first; then warm, the median of several."""
    rows = []
    for state in ("cold", "warm"):
        cold = options.cold if state == "cold" else None
        runs = [follow(tree, variant, options, cold) for _ in range(1 if cold else options.repeat)]
        runs.sort(key=lambda run: run["phase1"] + run["phase2"])
        row = dict(runs[(len(runs) - 1) // 2], variant=variant.name, state=state, runs=runs)
        row["import_without"] = without_tool(tree, variant, options.timeout)
        rows.append(row)
    return rows


def print_table(rows):
    print("Table 4: seconds of a debugger (gdb)")
    print("%-14s %-5s %9s %9s %9s  %s" % ("variant", "", "phase 1", "phase 2", "total", "libraries; import without gdb"))
    for row in rows:
        print("%-14s %-5s %9.3f %9.3f %9.3f  %d, then %d; %.3f" % (
            row["variant"], row["state"], row["phase1"], row["phase2"], row["phase1"] + row["phase2"],
            row["libraries_attached"], row["libraries_imported"], row["import_without"]))


def main(arguments):
    p = argparse.ArgumentParser(prog="pynamic tools", description="Measures the start-up of gdb on a built tree.")
    p.add_argument("tree", metavar="DIRECTORY", help="a generated and built tree")
    p.add_argument("--variants", default="link,vanilla", metavar="LIST", help="link, vanilla, and each with +bind")
    p.add_argument("--gdb", default="gdb", metavar="COMMAND")
    p.add_argument("--repeat", type=positive, default=1, metavar="N", help="warm runs; the median one is shown")
    p.add_argument("--cold", choices=("tree", "system"), default="tree",
                   help="what is dropped from the page cache before the cold run (system: root)")
    p.add_argument("--timeout", type=positive, default=600, metavar="SECONDS", help="limit of one run (600)")
    p.add_argument("--json", metavar="FILE", help="all results; - is standard output")
    options = p.parse_args(arguments)
    tree = Tree(options.tree)
    chosen = [Variant(name) for name in options.variants.split(",")]
    for variant in chosen:
        if variant.dlfm:
            raise Problem("%s: not in this test" % variant.name)
        tree.launcher(variant.linked)
    rows = [row for variant in chosen for row in measure(tree, variant, options)]
    if options.json != "-":
        print_table(rows)
    if options.json:
        save_json({"schema": "pynamic-tools/1", "machine": machine(), "tree": tree.brief(), "rows": rows}, options.json)
    errors = [error for row in rows for run in row["runs"] for error in run["errors"]]
    for error in errors:
        print("pynamic: %s" % error, file=sys.stderr)
    return 1 if errors else 0
