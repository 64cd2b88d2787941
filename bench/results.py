# SPDX-License-Identifier: BSD-3-Clause
"""results.json of the storm bench (bench/README.md says what it holds): points of curves, added, replaced, asked for."""
import json
import os
import platform
import re
import statistics
import subprocess
import time

NAMES = ("figure", "application", "method", "name", "nodes", "ranks", "mib")


def key(point):
    return tuple(point.get(n) for n in NAMES)


def median(point):
    return statistics.median(point["values"])


def spread(point):
    """The fastest and the slowest."""
    return min(point["values"]), max(point["values"])


def first_line(*cmd):
    try:
        run = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=20)
        return run.stdout.strip().split("\n")[0]
    except (OSError, subprocess.SubprocessError):
        return ""


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return {"cpu": cpu[0] if cpu else platform.machine(), "cores": os.cpu_count(), "memory_mib": memory,
            "kernel": platform.release(), "glibc": platform.libc_ver()[1],
            "slurm": first_line("slurmd", "-V").split(" ")[-1],
            "pmix": first_line("pkg-config", "--modversion", "pmix"),
            "load_before": os.getloadavg()[0]}


def filesystem(preset):
    """The figures of a preset, from where dlfm-slowfs has them."""
    with open(os.path.dirname(os.path.realpath(__file__)) + "/slowfs/presets.c", encoding="utf-8") as f:
        text = re.search(r'{"%s",\s*"(\w+)",\s*{(.*?)}}' % re.escape(preset), f.read(), re.S)
    if not text:
        raise SystemExit("storm: dlfm-slowfs has no preset %s" % preset)
    figure = {n: eval(v.rstrip("u").replace("ull", "").replace("/ 4", "// 4"), {"US": 1000, "GB": 10 ** 9})  # sums and products of constants
              for n, v in re.findall(r"\.(\w+) = ([\w +*/]+)", text.group(2))}
    return {"preset": preset, "client": text.group(1), "service_us": figure["service_ns"] / 1e3,
            "data_service_us": figure["data_service_ns"] / 1e3, "latency_us": figure["latency_ns"] / 1e3,
            "bandwidth_mb_s": figure["bandwidth"] / 1e6, "one_queue": figure.get("one_queue", 0)}


class Results:
    """The object, and the file that it is kept in."""

    def __init__(self, file):
        self.file = file
        self.data = {"schema": 1, "series": [], "skipped": [], "applications": {}, "slower": [], "assumptions": []}
        if os.path.exists(file):
            with open(file, encoding="utf-8") as f:
                old = json.load(f)
            if old.get("schema") != 1:
                raise SystemExit("storm: %s: schema %s, not 1: name another directory" % (file, old.get("schema")))
            self.data.update(old)

    def save(self):
        self.data["made"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with open(self.file + ".tmp", "w", encoding="utf-8") as f:
            json.dump(self.data, f, indent=1)
        os.rename(self.file + ".tmp", self.file)

    def forget(self, *figures):
        """What an earlier run of a part has left."""
        for name in ("series", "skipped"):
            self.data[name] = [p for p in self.data[name] if p.get("figure") not in figures]

    def point(self, unit="s", **names):
        """The point of these names, made if it is not there."""
        for p in self.data["series"]:
            if key(p) == key(names):
                return p
        p = {**names, "unit": unit, "values": []}
        self.data["series"].append(p)
        return p

    def skip(self, why, **names):
        self.data["skipped"].append({**names, "why": why})

    def of(self, **match):
        return [p for p in self.data["series"] if p["values"] and all(p.get(k) == v for k, v in match.items())]

    def one(self, **match):
        found = self.of(**match)
        return found[0] if found else None


def free_memory():
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) >> 10 for line in f if line.startswith("MemAvailable"))
