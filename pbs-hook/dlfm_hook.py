# SPDX-License-Identifier: BSD-3-Clause
"""The PBS hook of DLFM: qsub -l dlfm=record[:FILE] | replay:FILE | FILE | off.

One file for the server and the moms (dlfm-pbs(8) has the qmgr commands):

queuejob, modifyjob    the option's syntax is checked, by `dlfm option`, the one parser; nothing else
execjob_launch         the program of each task of the job is replaced by dlfm-pbs-launch, which runs
                       as the user, has the cache staged (top task), sets the environment, and
                       executes the real program
execjob_end, _abort    this job's leases, and images that nobody else uses, go: `dlfm clean --job`
exechost_startup       what a crash left goes: `dlfm clean`

It never rejects a job but for a wrong option at qsub or qalter, and lets every job go on, unchanged,
whatever happens to itself: a resource that is not defined, a missing program, a broken configuration.
Nothing that takes time happens here: execjob_launch costs some milliseconds and stages nothing.
Works with the Python of PBS Pro 19 and OpenPBS 20 and later (3.5 and later).
"""
import json
import os
import pwd
import re
import subprocess

import pbs

DEFAULTS = {
    "dlfm": "/usr/bin/dlfm",
    "launcher": "/usr/libexec/dlfm/dlfm-pbs-launch",
    "libdir": "",           # where the injected objects are; "" is where they were built to go
    "stage_dirs": "",       # "/dev/shm:/tmp", tried in order; "" is the built-in list
    "max_size": "",         # as dlfm stage --max-size: "20G"
    "timeout": 120,         # seconds, for the staging as a whole
    "mpirun": "",           # OpenMPI's mpirun on the nodes; "" finds it by PATH
    "tmrsh": "",            # pbs_tmrsh on the nodes; "" is PBS_EXEC/bin/pbs_tmrsh
    "default": "",          # the option of jobs that have none, e.g. "off"
}
CHECK_SECONDS = 5           # for `dlfm option`
CLEAN_SECONDS = 20          # for `dlfm clean`


def log(text):
    """One line in the daemon's log."""
    pbs.logmsg(pbs.LOG_WARNING, "dlfm: " + text)


def configuration():
    """DEFAULTS with what the hook's JSON file changes; a key that is not known is named and ignored."""
    conf = dict(DEFAULTS)
    path = getattr(pbs, "hook_config_filename", None) or os.environ.get("PBS_HOOK_CONFIG_FILE")
    if not path:
        return conf
    try:
        with open(path) as f:
            given = json.load(f)
    except (OSError, ValueError) as exc:
        log("cannot read the hook's configuration %s: %s; using the defaults" % (path, exc))
        return conf
    for key, value in given.items():
        if key in conf:
            conf[key] = value
        else:
            log("unknown key '%s' in %s; known are %s" % (key, path, ", ".join(sorted(conf))))
    return conf


def requested(job, conf):
    """The job's option as text, None if it has none. A resource that is not defined raises: no option."""
    try:
        value = job.Resource_List["dlfm"]
    except Exception:  # pylint: disable=broad-except
        value = None
    text = str(value).strip() if value is not None else ""
    return text or conf["default"] or None


def run(argv, seconds, user=None):
    """Runs a program without a shell; (finished, stdout, stderr). `user` is a pwd entry to become."""
    def become():
        os.setgroups(os.getgrouplist(user.pw_name, user.pw_gid))
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    with open(os.devnull) as null:
        child = subprocess.Popen(argv, stdin=null, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                                 cwd="/", close_fds=True, preexec_fn=become if user else None)
    try:
        out, err = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        # What runs as the user may have handed the pipe to a process that stays: not waited for.
        child.stdout.close()
        child.stderr.close()
        child.wait()
        return False, "", "stopped after %d s" % seconds
    return True, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def wrong(text, conf):
    """What is wrong with an option, None if it is right, or if that cannot be found out here.

    The answer is taken from the output: pbs_server may reap the child before subprocess does, and then
    there is no exit status.
    """
    try:
        finished, out, err = run([conf["dlfm"], "option", "--json", "--", text], CHECK_SECONDS)
        answer = json.loads(out) if finished else None
    except (OSError, ValueError) as exc:
        answer, err = None, str(exc)
    if answer is None:
        log("cannot check the option '%s' with %s: %s; the job is accepted" % (text, conf["dlfm"], err.strip()))
        return None
    return None if answer.get("valid") else answer.get("message")


def on_submission(event, conf):
    """queuejob, modifyjob: refuses an option that cannot be understood."""
    text = requested(event.job, dict(conf, default=""))
    message = wrong(text, conf) if text else None
    if message:
        event.reject("dlfm: " + message)


def lease_key(job):
    """The key of the job's leases: its id in the characters that a lease's name may have ("12[3].srv")."""
    return re.sub(r"[^A-Za-z0-9._+-]", "_", str(job.id))


def is_true(value):
    """in_ms_mom() gives 'True' (a text) or False."""
    return str(value) == "True"


def tmrsh(conf):
    """Where pbs_tmrsh is on this node."""
    if conf["tmrsh"]:
        return conf["tmrsh"]
    return os.path.join(pbs.get_pbs_conf().get("PBS_EXEC", "/opt/pbs"), "bin", "pbs_tmrsh")


def launcher_arguments(event, conf, option):
    """The command line of dlfm-pbs-launch in front of the real program."""
    top = is_true(event.job.in_ms_mom()) and str(event.env.get("PBS_TASKNUM", "")) == "1"
    argv = [conf["launcher"]]
    if top:
        argv.append("--top")
    argv += ["--job=" + lease_key(event.job), "--option=" + option]
    for key, name in (("dlfm", "dlfm"), ("libdir", "libdir"), ("stage_dirs", "dirs"),
                      ("max_size", "max-size"), ("timeout", "timeout"), ("mpirun", "mpirun")):
        if conf[key]:
            argv.append("--%s=%s" % (name, conf[key]))
    argv.append("--tmrsh=" + tmrsh(conf))
    return argv


def on_launch(event, conf):
    """execjob_launch: puts dlfm-pbs-launch in front of the task's program."""
    option = requested(event.job, conf)
    if option is None or option == "off":
        return
    if not os.access(conf["launcher"], os.X_OK):
        log("%s is not on this node: job %s runs without DLFM" % (conf["launcher"], event.job.id))
        return
    real = list(event.argv or [])
    argv = launcher_arguments(event, conf, option)
    if real:
        argv.append("--argv0=" + real[0])
    # pbs_mom itself sets argv[0] to "-" and the program's name where it starts a login shell.
    event.argv = argv + ["--", str(event.progname)] + real[1:]
    event.progname = conf["launcher"]


def on_end(event, conf):
    """execjob_end, execjob_abort: releases what the job held on this node, as the job's user."""
    if requested(event.job, conf) is None:
        return
    argv = [conf["dlfm"], "clean", "--quiet", "--job=" + lease_key(event.job)]
    clean(argv, conf, pwd.getpwnam(str(event.job.euser)))


def on_startup(_event, conf):
    """exechost_startup: what nobody has leased or mapped is left over."""
    clean([conf["dlfm"], "clean", "--quiet"], conf, None)


def clean(argv, conf, user):
    """Runs one `dlfm clean`; a failure is a line in the log."""
    argv += ["--dir=" + d for d in conf["stage_dirs"].split(":") if d]
    try:
        finished, _out, err = run(argv, CLEAN_SECONDS, user)
        if not finished or err.strip():
            log("%s: %s" % (" ".join(argv), err.strip()))
    except OSError as exc:
        log("cannot run %s: %s" % (argv[0], exc))


HANDLERS = (
    ("QUEUEJOB", on_submission),
    ("MODIFYJOB", on_submission),
    ("EXECJOB_LAUNCH", on_launch),
    ("EXECJOB_END", on_end),
    ("EXECJOB_ABORT", on_end),
    ("EXECHOST_STARTUP", on_startup),
)


def main():
    """Calls the event's handler; accepts whatever happens, but for a reject() of the handler."""
    event = pbs.event()
    try:
        for name, handler in HANDLERS:
            if event.type == getattr(pbs, name, None):
                handler(event, configuration())
    except SystemExit:
        raise
    except Exception as exc:  # pylint: disable=broad-except
        log("%s: %s; the job goes on without DLFM" % (type(exc).__name__, exc))
    event.accept()


# PBS runs a hook by exec, with this name and without a __file__; tests import it.
if __name__ in ("builtins", "__builtin__"):
    main()
