# SPDX-License-Identifier: BSD-3-Clause
"""Micro figures: those of bench/figures, with their limits, and the speed of packing."""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
# The largest application that is there: what is packed.
IMPORTS = ("import numpy, scipy.linalg, gpaw", "import numpy, scipy.linalg", "import numpy", "import json, ssl, sqlite3")


def point(bench, name, unit, values, limit=None, **more):
    p = bench.results.point(figure="micro", name=name, unit=unit, **more)
    p["values"] += values
    if limit is not None:
        p["limit"] = limit


def figures(bench):
    """bench/figures: each figure is a median already."""
    result = bench.work + "/figures.json"
    bench.progress("bench/figures, %d runs of each" % bench.size.micro_runs)
    run = subprocess.run([sys.executable, HERE + "/figures", "--build=" + bench.build, "--runs=%d" % bench.size.micro_runs,
                          "--json=" + result], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    if not os.path.exists(result):
        return "bench/figures: status %d: %s" % (run.returncode, run.stderr.strip()[-300:])
    with open(result, encoding="utf-8") as f:
        for figure in json.load(f)["figures"]:
            name = figure["name"].replace("... that", "requests of a replayed start-up that").replace("... by", "python3 -c pass, added by")
            point(bench, name, figure["unit"], [figure["value"]], figure["limit"])
    return None


def record(bench, work):
    """Journals of the largest application that this machine has: (directory, what it is)."""
    env = dict(os.environ, DLFM_LIBDIR=bench.build + "/libdlfm")
    for code in IMPORTS:
        if subprocess.run(["/usr/bin/python3", "-c", code], stderr=subprocess.DEVNULL).returncode == 0:
            run = subprocess.run([bench.build + "/cache-tools/dlfm", "record", "-o", work + "/first.dat", "--scope=all", "--keep-journal",
                                  "--", "/usr/bin/python3", "-c", code], env=env, stderr=subprocess.PIPE, text=True)
            words = [w.strip("'\",.") for w in run.stderr.split() if "/journal." in w]
            return (words[-1] if run.returncode == 0 and words else None), code
    return None, None


def packing(bench):
    """Packs the same journals again and again; from the page cache, to a local disk."""
    work = bench.work + "/pack"
    os.mkdir(work)
    bench.progress("packing")
    journals, code = record(bench, work)
    if not journals:
        bench.results.skip("nothing could be recorded", figure="micro", name="pack")
        return
    dlfm, cache, seconds = bench.build + "/cache-tools/dlfm", work + "/cache.dat", []
    for _ in range(bench.size.micro_runs):
        begin = time.perf_counter()
        subprocess.run([dlfm, "pack", "-q", "--scope=all", "-o", cache, journals], check=True)
        seconds.append(time.perf_counter() - begin)
    info = json.loads(subprocess.run([dlfm, "info", "--json", cache], check=True, stdout=subprocess.PIPE).stdout)
    what = "packing of `%s`" % code
    point(bench, what, "s", seconds)
    point(bench, what + ": contents, %.0f MB" % (info["contents_size"] / 1e6), "MB/s", [info["contents_size"] / 1e6 / s for s in seconds],
          better="higher")
    point(bench, what + ": files, %d" % info["files"], "files/s", [info["files"] / s for s in seconds], better="higher")
    point(bench, what + ": metadata in cache.dat, an entry", "bytes", [info["metadata_size"] / info["entries"]])
    shutil.rmtree(journals, ignore_errors=True)


def run(bench):
    bench.results.forget("micro")
    why = figures(bench)
    packing(bench)
    return why
