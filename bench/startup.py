# SPDX-License-Identifier: BSD-3-Clause
"""Start-up of applications at all widths that the machine carries, by all methods: seconds and requests."""
import os
import shutil
import subprocess
import time

import vcluster
from software import BCAST, Software, applications

SW = vcluster.SHARE + "/sw"
IMAGE = vcluster.SHARE + "/image"  # where the squashfs is mounted
METHODS = ("vanilla", "dlfm-cold", "dlfm-staged", "bcast", "image", "local")
RUN_LIMIT = 300
# On a node: mounts the image; prints when it began and when it was there.
MOUNT_IMAGE = "b=$EPOCHREALTIME; mount -t squashfs -o loop,ro %s/software.squashfs %s && echo $b $EPOCHREALTIME" % (
    vcluster.MOUNT, IMAGE)


class Failed(Exception):
    """A run that did not do what it should; the text says why."""


class Runner:
    """Single runs."""

    def __init__(self, cluster, software, options):
        self.cluster, self.software, self.mount_options = cluster, software, options

    def command(self, application, method, nodes, ranks):
        at = {"image": IMAGE, "local": SW}.get(method, vcluster.MOUNT)
        cache = "%s/caches/%s.dat" % (vcluster.MOUNT, application.name)
        srun = ["/usr/bin/srun", "-N%d" % nodes, "-n%d" % ranks, "--ntasks-per-node=%d" % (ranks // nodes), "--mpi=pmix"]
        before = ""
        if method.startswith("dlfm"):
            srun.append("--dlfm=replay:" + cache)
        if method == "dlfm-staged":
            before = " ".join([*srun, "/bin/true"])
        if method == "bcast":
            srun += ["--bcast=" + BCAST, "--send-libs"]
        return at, before, srun + application.command(at)

    def prepare(self, nodes):
        """Nodes that know nothing of the software."""
        numbers = range(1, nodes + 1)
        self.cluster.on(numbers, "sh", "-c", "umount %s 2>/dev/null; %s" % (IMAGE, vcluster.REMOVE % f"/dev/shm/dlfm-* {BCAST}*"),
                        check=False)
        self.cluster.mount(numbers, *self.mount_options)
        shutil.rmtree(self.cluster.home + "/out", ignore_errors=True)
        self.cluster.reset()

    def mount_image(self, nodes):
        """Mounts it on all nodes at once; returns the seconds from the first's begin to the last's end."""
        runs = self.cluster.on(range(1, nodes + 1), "bash", "-c", MOUNT_IMAGE, check=False, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        failed = [r.stderr.strip() for r in runs if r.returncode != 0]
        if failed:
            raise Failed("mount: " + failed[0][-200:])
        times = [list(map(float, r.stdout.split())) for r in runs]
        return max(t[1] for t in times) - min(t[0] for t in times)

    def once(self, application, method, nodes, ranks):
        """One run: {"seconds", "requests", ...}, or Failed."""
        self.prepare(nodes)
        mounting = self.mount_image(nodes) if method == "image" else 0.0
        at, before, command = self.command(application, method, nodes, ranks)
        environment = self.software.write_environment(application, at, method == "bcast")
        started, begin, end = self.launch(nodes, ranks, environment, before, command)
        if len(started) != ranks:
            raise Failed("%d of %d ranks started" % (len(started), ranks))
        counts = self.cluster.counts()
        return {"seconds": mounting + max(started) - begin, "whole": mounting + end - begin, "mount": mounting,
                "requests": {"requests": counts["requests"], "absent": counts["absent"],
                             **{k: v for k, v in counts["kinds"].items() if v},
                             "bytes_read": counts["bytes_read"], "server_busy_seconds": counts["server_busy_seconds"]}}

    def launch(self, nodes, ranks, environment, before, command):
        """Runs it in an allocation: (times of the ranks, begin, end)."""
        try:
            run = self.cluster.tester("salloc", "-Q", "-N%d" % nodes, "-n%d" % ranks, "-w", "n[1-%d]" % nodes, "bash",
                                      vcluster.SHARE + "/timed", environment, before, *command, check=False, timeout=RUN_LIMIT,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            raise Failed("did not end in %d s" % RUN_LIMIT) from None
        if run.returncode != 0:
            raise Failed("status %d: %s" % (run.returncode, run.stderr.strip()[-300:]))
        words = [line.split() for line in run.stdout.splitlines()]
        started = [float(w[-1]) for w in words if w[:1] == ["started"]]
        mark = {w[0]: float(w[1]) for w in words if w[:1] in (["begin"], ["end"])}
        return started, mark["begin"], mark["end"]

    def step(self, application, method, nodes, ranks):
        """Seconds of a step that runs true."""
        self.prepare(nodes)
        at, _, command = self.command(application, method, nodes, ranks)
        command = [w for w in command if w not in application.command(at)] + ["/bin/true"]
        _, begin, end = self.launch(nodes, ranks, self.software.write_environment(application, at, False), "", command)
        return end - begin

    def warm_login(self, application):
        """The login node, in use for days, has all that srun's own start searches for in the modules' directories."""
        self.cluster.mount([0], *self.mount_options, "--cache=lustre")
        for _ in range(2):
            self.step(application, "vanilla", 1, 1)

    def record(self, application, nodes):
        """Records the application on up to two nodes and lays the cache on the shared file system."""
        nodes = min(nodes, 2)
        self.prepare(nodes)
        self.cluster.mount([0], *self.mount_options)
        _, _, command = self.command(application, "vanilla", nodes, 2 * nodes)
        environment = self.software.write_environment(application, vcluster.MOUNT, False)
        command.insert(1, "--dlfm=record:/srv/home/tester/%s.dat" % application.name)
        begin = time.monotonic()
        self.launch(nodes, 2 * nodes, environment, "", command)
        cache = "%s/%s.dat" % (self.cluster.home, application.name)
        wait_for(cache)
        target = "%s/caches/%s.dat" % (self.software.tree, application.name)
        shutil.copy(cache, target)
        os.chown(target, vcluster.TESTER, vcluster.TESTER)
        return time.monotonic() - begin


def wait_for(path, seconds=60):
    end = time.monotonic() + seconds
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise Failed("%s was not written" % path)
        time.sleep(0.05)


class Startup:
    """The part: all points of all curves, runs in turn."""

    def __init__(self, bench):
        self.bench, self.results = bench, bench.results
        self.size = bench.size
        self.methods = [m for m in METHODS if m in bench.methods]
        self.retries = 0

    def run(self):
        nodes = max(n for n, _ in self.size.points + self.size.wide)
        cluster = self.bench.cluster(nodes)
        software = Software(cluster, self.bench.progress)
        software.make(self.bench.applications, self.size.name)
        cluster.install()
        self.bench.progress("virtual cluster of %d nodes" % nodes)
        cluster.up()
        self.runner = Runner(cluster, software, self.bench.mount_options)
        self.results.forget("startup", "requests", "launch")
        why = software.make_image() if "image" in self.methods else None
        for application in applications(self.bench.applications, cluster.share):
            self.record(application, software, nodes)
            self.runner.warm_login(application)
            methods = self.available(application, why)
            for r in range(self.size.runs):
                for n, ranks in self.size.points:
                    self.turn(application, methods, n, ranks, "run %d of %d" % (r + 1, self.size.runs))
            for n, ranks in self.size.wide:
                self.turn(application, methods, n, ranks, "requests", times=False)
        self.launches()
        if self.retries:
            self.results.data["retries"] = self.retries

    def record(self, application, software, nodes):
        self.bench.progress("%s: recording" % application.name)
        try:
            seconds = self.runner.record(application, nodes)
        except Failed as e:
            raise SystemExit("storm: %s cannot be recorded: %s" % (application.name, e)) from None
        self.results.data["applications"][application.name] = {**software.describe(application), "record_seconds": seconds}

    def available(self, application, no_image):
        if no_image:
            self.results.skip(no_image, figure="startup", application=application.name, method="image")
        return [m for m in self.methods if not (no_image and m == "image")]

    def turn(self, application, methods, nodes, ranks, text, times=True):
        """One run by each method."""
        for method in methods:
            self.bench.progress("%s, %d ranks on %d nodes, %s: %s" % (application.name, ranks, nodes, text, method))
            names = {"application": application.name, "method": method, "nodes": nodes, "ranks": ranks}
            try:
                run = self.patiently(application, method, nodes, ranks)
            except Failed as e:
                self.results.skip(str(e), figure="startup", **names)
                continue
            if times:
                self.keep(self.results.point(figure="startup", **names), run["seconds"], run)
            self.keep(self.results.point(figure="requests", unit="requests", **names), run["requests"]["requests"], run)

    def patiently(self, *what):
        """Once more if it fails: now and then OpenMPI's tcp loses a connection among its own ranks."""
        try:
            return self.runner.once(*what)
        except Failed:
            self.retries += 1
            return self.runner.once(*what)

    def keep(self, point, value, run):
        """Adds a run; what describes the point is of the run with the median value."""
        runs = self.bench.runs.setdefault(id(point), [])
        runs.append((value, run))
        point["values"].append(value)
        middle = sorted(runs, key=lambda r: r[0])[(len(runs) - 1) // 2][1]
        if point["figure"] == "requests":
            point["kinds"] = {k: v for k, v in middle["requests"].items() if k != "requests"}
        else:
            point["requests"] = middle["requests"]
            point["phases"] = {"whole": middle["whole"], **({"mount": middle["mount"]} if middle["mount"] else {})}

    def launches(self):
        """What a step costs that starts nothing: plain, and with staging."""
        application = applications(self.bench.applications, self.runner.cluster.share)[0]
        for r in range(self.size.runs):
            for n, ranks in self.size.points:
                self.bench.progress("steps that do nothing, run %d of %d, %d nodes" % (r + 1, self.size.runs, n))
                for method in ("plain", "dlfm-cold"):
                    point = self.results.point(figure="launch", application=application.name, method=method, nodes=n, ranks=ranks)
                    point["values"].append(self.runner.step(application, method, n, ranks))
