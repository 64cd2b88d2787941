# SPDX-License-Identifier: BSD-3-Clause
"""pynamic run, tools and plot. Started by the program pynamic; Python 3.8 or newer, nothing but its library."""
import signal
import sys


def stop(*_):
    raise KeyboardInterrupt


def main():
    import plot
    import run
    import tools
    from tree import Problem

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    command = {"run": run.main, "tools": tools.main, "plot": plot.main}[sys.argv[1]]
    try:
        return command(sys.argv[2:])
    except Problem as problem:
        print("pynamic: %s" % problem, file=sys.stderr)
        return 125
    except OSError as error:
        print("pynamic: %s: %s" % (error.filename or "error", error.strerror or error), file=sys.stderr)
        return 125
    except KeyboardInterrupt:
        print("pynamic: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    if sys.version_info < (3, 8):
        sys.exit("pynamic: this Python is older than 3.8: set PYNAMIC_PYTHON")
    sys.exit(main())
