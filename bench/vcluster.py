# SPDX-License-Identifier: BSD-3-Clause
"""The virtual cluster (tests/cluster) for figures: DLFM installed with its plugin, a slow file system on every node."""
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
PROGRAM = os.path.dirname(HERE) + "/tests/cluster"
SHARE = "/srv/share"  # as all nodes see what Cluster.share is outside
MOUNT = SHARE + "/mnt"  # the slow file system
TESTER = 20001
# A shell command; the job's epilog may be sweeping there at the same time.
REMOVE = "for i in $(seq 100); do rm -rf %s 2>/dev/null && exit; sleep 0.1; done; exit 1"


def missing(build):
    """What this machine lacks for a virtual cluster, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for tool in ("slurmctld", "slurmd", "srun", "munged", "ip", "nsenter", "unshare"):
        if not shutil.which(tool):
            return tool + " is not installed"
    for directory in ("/etc/slurm", "/srv"):
        if not os.path.isdir(directory):
            return "there is no %s to mount on" % directory
    if subprocess.run(["unshare", "-m", "-n", "-u", "-p", "-f", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        return "no permission to make namespaces"
    for program in ("spank-plugin/dlfm.so", "pmix-dist/dlfm-stage", "bench/dlfm-slowfs", "cache-tools/dlfm"):
        if not os.path.exists(build + "/" + program):
            return program + " is not built"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse that can be used"
    return None


class Postponed:
    """Signals that end the bench wait until the block is left: what it starts can then be taken down."""

    def __enter__(self):
        self.caught = []
        self.old = {s: signal.signal(s, lambda n, _: self.caught.append(n)) for s in (signal.SIGINT, signal.SIGTERM)}

    def __exit__(self, *exception):
        for number, handler in self.old.items():
            signal.signal(number, handler)
        if self.caught and not exception[0]:
            os.kill(os.getpid(), self.caught[0])


class Cluster:
    """Nodes n1..nN; `share` is /srv/share inside. Nothing runs before up()."""

    def __init__(self, build, nodes, work, site="defaults", **environment):
        self.build, self.nodes = build, nodes
        self.directory = work + "/cl"
        self.share = self.directory + "/share"
        self.home = self.directory + "/home/tester"
        self.env = dict(os.environ, CLUSTER_DIR=self.directory, CLUSTER_SITE=site, CLUSTER_SHM="4g", **environment)
        os.makedirs(self.share)
        os.chmod(self.share, 0o755)
        self.mounted = set()

    def __call__(self, *args, timeout=120, check=True, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(["bash", PROGRAM, *args], env=self.env, timeout=timeout, check=check, text=True, **more)

    def install(self):
        """The build tree's files as `make install` would lay them out, and a plugstack that names them."""
        with open(self.build + "/tests/env.sh", encoding="utf-8") as f:
            prefix = next(line.split("=", 1)[1].strip().strip("'") for line in f if line.startswith("DLFM_PREFIX="))
        run = subprocess.run(["make", "-C", self.build, "-s", "MAKEFLAGS=", "install-exec", "DESTDIR=" + self.share + "/dest"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        if run.returncode != 0:
            raise SystemExit("make install failed: " + run.stdout[-500:])
        os.rename(self.share + "/dest" + prefix, self.share + "/dlfm")
        shutil.rmtree(self.share + "/dest")
        subprocess.run(["chmod", "-R", "go+rX", self.share + "/dlfm"], check=True)
        plugin = next(d for d, _, files in os.walk(self.share + "/dlfm") if "dlfm.so" in files)
        plugin = SHARE + plugin[len(self.share):] + "/dlfm.so"
        with open(self.directory + "/plugstack", "w", encoding="utf-8") as f:
            f.write("optional %s prefix=%s/dlfm\n" % (plugin, SHARE))
        self.env["CLUSTER_PLUGSTACK"] = self.directory + "/plugstack"
        shutil.copy(self.build + "/bench/dlfm-slowfs", self.share + "/")

    def up(self):
        with Postponed():  # or the head, in a session of its own, might survive
            run = self("up", str(self.nodes), check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       start_new_session=True)
        if run.returncode != 0:
            raise SystemExit("the virtual cluster does not start: " + run.stderr[-500:])

    def close(self):
        self("down", check=False, stdout=subprocess.DEVNULL)

    def tester(self, *cmd, **more):
        """Runs a command on the login node as the user tester, at home."""
        return self("run", "-u", "tester", "env", "-C", "/srv/home/tester", *cmd, **more)

    def on(self, nodes, *cmd, **more):
        """Runs a command as root on nodes (numbers; 0 is the login node), at once on all."""
        def one(k):
            return self("node", str(k), *cmd, **more) if k else self("run", *cmd, **more)
        with concurrent.futures.ThreadPoolExecutor(len(nodes)) as pool:
            return list(pool.map(one, nodes))

    # --- the slow file system: SHARE/sw by its own path, and as MOUNT through dlfm-slowfs; one state file, one queue

    def mount(self, nodes, *options):
        """Mounts it afresh on these nodes: clients that know nothing."""
        os.makedirs(self.share + "/mnt", exist_ok=True)
        script = "for i in 1 2 3; do mountpoint -q %s || break; umount %s || sleep 0.2; done; " % (MOUNT, MOUNT)
        self.on(nodes, "sh", "-c", script + 'exec "$@"', "-", SHARE + "/dlfm-slowfs", "--state=" + SHARE + "/state", *options,
                SHARE + "/sw", MOUNT)
        os.chmod(self.share + "/state", 0o666)  # jobs reset the counts
        self.mounted.update(nodes)

    def unmount(self):
        if self.mounted:
            self.on(sorted(self.mounted), "umount", "-l", MOUNT, check=False, stderr=subprocess.DEVNULL)
        self.mounted.clear()

    def counts(self):
        run = subprocess.run([self.share + "/dlfm-slowfs", "--counts=" + self.share + "/state", "--json"], check=True,
                             timeout=30, stdout=subprocess.PIPE)
        return json.loads(run.stdout)

    def reset(self):
        subprocess.run([self.share + "/dlfm-slowfs", "--reset=" + self.share + "/state"], check=True, timeout=30)
