# SPDX-License-Identifier: BSD-3-Clause
"""One rank of the benchmark: imports every generated module, visits its functions, tests MPI, checks, reports.

    python3 driver.py TREE OUTPUT [--mpi=auto|launcher|mpi4py|none] [--counters] [--detail] [--hold=IN,OUT]

OUTPUT gets one line of JSON a rank, from rank 0; without MPI each rank writes OUTPUT.RANK. Exit status 0 if everything
was right on this rank, 1 if not. PYNAMIC_STAMP is the time of exec (pynamic stamp).
"""
import time

first_line = time.clock_gettime_ns(time.CLOCK_MONOTONIC)

import json
import os
import resource
import sys


class Phase:
    """What one phase cost: nanoseconds, page faults, and what the counters say."""

    def __init__(self, counters):
        self.counters = counters

    def __enter__(self):
        self.result = {}
        self.before = resource.getrusage(resource.RUSAGE_SELF)
        if self.counters:
            self.counters.start()
        self.start = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        return self.result

    def __exit__(self, *exception):
        nanoseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - self.start
        if self.counters:
            self.result.update(self.counters.stop())
        after = resource.getrusage(resource.RUSAGE_SELF)
        self.result.update(
            ns=nanoseconds,
            minor_faults=after.ru_minflt - self.before.ru_minflt,
            major_faults=after.ru_majflt - self.before.ru_majflt,
        )


def import_modules(names, detail):
    """Imports by name, in order; with detail also the nanoseconds of each."""
    modules, times = [], []
    for name in names:
        start = time.clock_gettime_ns(time.CLOCK_MONOTONIC) if detail else 0
        __import__(name)
        modules.append(sys.modules[name])
        if detail:
            times.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC) - start)
    return modules, times


def visit_modules(extensions, packages):
    """Visits all functions; returns how many and the checksum of the pure-Python ones."""
    functions, checksum = 0, 0
    for module in extensions:
        functions += module.entry()
    for module in packages:
        checksum += module.visit()
    return functions, checksum


def run_rank(manifest, mpi, counters, options):
    """The benchmark on this rank; returns its report."""
    report = {"host": os.uname().nodename, "pid": os.getpid(), "errors": []}
    extensions = [module["name"] for module in manifest["modules"]]
    with Phase(None) as report["mpi_init"]:
        mpi.start()
    report["rank"], report["ranks"] = mpi.rank, mpi.size
    mpi.barrier()

    with Phase(counters) as report["import"]:
        modules, times = import_modules(extensions + manifest["python_modules"], options.detail)
    mpi.mark("imported")
    mpi.barrier()
    with Phase(counters) as report["visit"]:
        functions, checksum = visit_modules(modules[: len(extensions)], modules[len(extensions):])
    mpi.mark("visited")
    mpi.barrier()

    checksum = (checksum + sum(module.checksum() for module in modules[: len(extensions)])) % (1 << 64)
    report["checksum"] = "0x%016x" % checksum
    report["functions"] = functions
    if report["checksum"] != manifest["checksum"]:
        report["errors"].append("checksum %s, predicted %s" % (report["checksum"], manifest["checksum"]))
    with Phase(None) as report["mpi"]:
        import mpi_test

        total = mpi.sum(mpi_test.partial_sum(manifest["mpi_test"], *mpi.share()))
    report["mpi"]["sum"] = total
    if total != manifest["mpi_test"]["sum"]:
        report["errors"].append("MPI test %d, predicted %d" % (total, manifest["mpi_test"]["sum"]))
    report["libraries"] = loaded_from(options.tree)
    if options.detail:
        report["import"]["modules_ns"] = times
    return report


def loaded_from(directory):
    """How many of the generated libraries are mapped from the tree, and from elsewhere (a node's memory)."""
    paths = set()
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.rstrip("\n").split(None, 5)[-1]
            if os.path.basename(path).startswith(("pyn_m", "libpyn_u")):
                paths.add(path)
    tree = os.path.realpath(directory) + "/"
    here = sum(path.startswith(tree) for path in paths)
    return {"tree": here, "elsewhere": len(paths) - here}


def save(path, lines):
    """Under a temporary name first: what is there is whole."""
    with open(path + ".tmp", "w") as output:
        output.write("\n".join(lines) + "\n")
    os.rename(path + ".tmp", path)


def parse(arguments):
    """No argparse: it would import much of what is to be measured."""
    import types

    options = types.SimpleNamespace(mpi="auto", counters=False, detail=False, hold=None)
    options.tree, options.output = arguments[:2]
    for argument in arguments[2:]:
        name, _, value = argument.lstrip("-").partition("=")
        setattr(options, name, value or True)
    return options


def main():
    options = parse(sys.argv[1:])
    stamp = os.environ.get("PYNAMIC_STAMP")
    with open(os.path.join(options.tree, "pynamic.json")) as file:
        manifest = json.load(file)
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    from mpi import choose

    mpi = choose(options.mpi)
    if options.hold:
        mpi.hold(*map(int, options.hold.split(",")))
    counters = None
    if options.counters:
        from counters import Counters

        counters = Counters()
    del sys.path[0]
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    report = run_rank(manifest, mpi, counters, options)
    report["startup"] = {"ns": first_line - int(stamp)} if stamp else None
    report["python"] = "%d.%d.%d" % sys.version_info[:3]
    report["mpi_kind"] = mpi.kind
    if counters:
        report["counters"] = counters.availability
    report["total"] = {"ns": time.clock_gettime_ns(time.CLOCK_MONOTONIC) - int(stamp or first_line)}
    lines = mpi.gather(json.dumps(report))
    if lines is not None:
        save(options.output if mpi.collects else "%s.%d" % (options.output, mpi.rank), lines)
    failed = bool(report["errors"])
    for error in report["errors"]:
        print("pynamic: rank %d: %s" % (report["rank"], error), file=sys.stderr)
    mpi.finish()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
