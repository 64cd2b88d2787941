# SPDX-License-Identifier: BSD-3-Clause
"""documents.py [--update] [--local=COMMAND --home=DIR] [--cluster=COMMAND --cluster-home=DIR] FILE...
documents.py --links FILE...
documents.py --shown FILE...
documents.py --messages=DIR... FILE...

Runs the commands that stand in documents and compares what they print with what stands below them. A document writes:

    ```console                            commands, each on a line that begins with "$ " (and goes on after a "\\"),
    $ dlfm info cache.dat                 with their output below them
    ...
    ```
    ```console on the cluster             the same, on a login node of the virtual cluster
    ```console not run: REASON            only shown
    ```python app.py, ```sh job.sh        a file; it is made in the directory in which the commands run

The commands of a document are those of one shell (one for each place), and each must end with status 0. Compared are lines; any
number is as good as any other, so are identifiers in hexadecimal digits, and blanks; a line "..." stands for any lines, and "..."
in a line for any text. The home directory is written /home/me. Commands in other blocks ("$ " in a plain or indented one, or an indented one that
begins with a command of ours) are refused: they would not be run.

COMMAND is what stands in front of "bash SCRIPT" for each place; DIR is the home directory there, as seen from here. Without it a
place's commands are skipped. --update writes the output as it is now into the documents, where it differs; blocks with
"..." are left alone. --links checks that what the documents link to is there; --shown, in the top directory, of the commands that
are not run, that programs of the tree, make's targets, dlfm's subcommands and their options are there, and that options of jobs are right; --messages, that the messages in tables below
"| message |" stand in the sources (C, Python) below the directories, but for "..." in them.
Prints a line for each command that is wrong, then what was run; the status is 1 if something was wrong.
"""

import argparse
import glob
import os
import re
import shlex
import subprocess
import sys

MARK = "\x01"
OURS = re.compile(r" {4,}(\$ |(dlfm|dlfm-[a-z-]+|srun|sbatch|salloc|qsub|qmgr|mpirun|make|pynamic) |(bash )?tests/[a-z0-9]|bench/[a-z]|\./[a-z])")
LIMIT = 150  # seconds for a document's commands in one place


class Block:
    def __init__(self, line, info):
        self.line = line  # of the opening fence, from 1
        self.info = info
        self.lines = []

    @property
    def place(self):
        if self.info == "console":
            return "local"
        return "cluster" if self.info == "console on the cluster" else None

    @property
    def file(self):
        words = self.info.split()
        return words[1] if len(words) == 2 and words[0] != "console" else None

    def commands(self):
        """[first line's index, text, [expected line]]"""
        found = []
        more = False
        for i, line in enumerate(self.lines):
            if more:
                found[-1][1] += "\n" + line
            elif line.startswith("$ "):
                found.append([i, line[2:], []])
            elif found:
                found[-1][2].append(line)
                continue
            else:
                continue
            more = line.endswith("\\")
        return found


def parse(text):
    """The fenced blocks, and the line numbers of commands that stand elsewhere."""
    blocks, stray, block = [], [], None
    for number, line in enumerate(text.split("\n"), 1):
        if block is not None:
            if line.strip() == "```":
                blocks.append(block)
                block = None
            else:
                block.lines.append(line)
        elif line.startswith("```"):
            block = Block(number, line[3:].strip())
        elif OURS.match(line + " "):
            stray.append(number)
    for b in blocks:
        if not b.info.startswith("console"):
            stray += [b.line + 1 + i for i, line in enumerate(b.lines) if line.startswith("$ ")]
    return blocks, stray


def problems(blocks):
    for b in blocks:
        if b.info.startswith("console") and b.place is None and not re.match(r"console not run: \S", b.info):
            yield b.line, "is neither run nor said why not: ```" + b.info
        if b.place and not b.commands():
            yield b.line, "has no command"


def normal(line):
    line = re.sub(r"\b[0-9a-f]{8,}\b", "#", line)
    line = re.sub(r"\d[\d.,]*\d|\d", "#", line)
    return re.sub(r"\s+", " ", line).strip()


def same_line(expected, got):
    parts = [re.escape(part) for part in normal(expected).split("...")]
    return re.fullmatch(".*".join(parts), normal(got)) is not None


def same(expected, got):
    """Lines against lines; "..." in the expected ones stands for any."""
    if not expected:
        return not got
    if expected[0].strip() == "...":
        return any(same(expected[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and same_line(expected[0], got[0]) and same(expected[1:], got[1:])


def run(blocks, place, shell, home, inside):
    """Runs the blocks' commands in one shell; [(block, index, text, expected, status, output lines)]."""
    jobs = [(b, *c) for b in blocks if b.place == place for c in b.commands()]
    if not jobs:
        return []
    owner = os.stat(home)
    for b in blocks:
        if b.file:
            name = os.path.join(home, b.file)
            with open(name, "w") as f:
                f.write("\n".join(b.lines) + "\n")
            os.chmod(name, 0o755)
            os.chown(name, owner.st_uid, owner.st_gid)
    script = ["cd %s || exit" % shlex.quote(inside), "exec 2>&1 </dev/null"]
    for number, (_, _, text, _) in enumerate(jobs):
        script += [text, "printf '\\n%s%%d %%d\\n' %d $?" % (MARK, number)]
    name = os.path.join(home, ".commands")
    with open(name, "w") as f:
        f.write("\n".join(script) + "\n")
    command = shlex.split(shell) + ["bash", os.path.join(inside, ".commands")]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT)
        text = done.stdout
    except subprocess.TimeoutExpired as e:
        text = (e.stdout or b"") + b"\n(stopped at the time limit)\n"
    os.unlink(name)
    text = text.decode(errors="replace").replace(inside, "/home/me")
    parts = re.split(r"\n%s(\d+) (\d+)\n" % MARK, text)
    results = []
    for i, (block, at, command, expected) in enumerate(jobs):
        output = parts[3 * i] if 3 * i < len(parts) else ""
        status = int(parts[3 * i + 2]) if 3 * i + 2 < len(parts) else None
        # what srun says about waiting depends on what else the cluster does
        waiting = r"(\s*\d+ )?srun: (job \d+ (queued|has been alloc)|Job \d+ step creation temporarily|Step created for job)"
        lines = [line for line in output.rstrip("\n").split("\n") if not re.match(waiting, line)]
        results.append((block, at, command, expected, status, [] if lines == [""] else lines))
    return results


def check(name, results):
    """Tells what differs; the number of commands that are wrong."""
    wrong = 0
    for block, at, command, expected, status, output in results:
        while expected and not expected[-1].strip():
            expected = expected[:-1]
        if status == 0 and same(expected, output):
            continue
        wrong += 1
        print("%s:%d: $ %s" % (name, block.line + 1 + at, command))
        if status is None:
            print("  did not end")
        elif status != 0:
            print("  status %d" % status)
        for line in expected:
            print("  expected: " + line)
        for line in output[:40]:
            print("  printed:  " + line)
    return wrong


def update(name, text, results):
    lines = text.split("\n")
    for block, at, _, expected, _, output in reversed(sorted(results, key=lambda r: r[0].line * 1000 + r[1])):
        if same(expected, output) or any(e.strip() == "..." for e in expected):
            continue
        start = block.line + at  # the command's line, from 0
        while lines[start].endswith("\\"):
            start += 1
        lines[start + 1:start + 1 + len(expected)] = output
    with open(name, "w") as f:
        f.write("\n".join(lines))


def anchors(text):
    """The fragments of a document's headings, as the usual forges make them."""
    found = set()
    for line in re.sub(r"```.*?\n```", "", text, flags=re.S).split("\n"):
        m = re.match(r"#+ +(.*)", line)
        if m:
            plain = re.sub(r"[^\w\- ]", "", m.group(1).lower())
            found.add(plain.strip().replace(" ", "-"))
    return found


def check_links(name):
    wrong = 0
    text = open(name).read()
    prose = re.sub(r"```.*?\n```|`[^`\n]*`", "", text, flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"https?://", target):
            continue
        path, _, fragment = target.partition("#")
        path = os.path.join(os.path.dirname(name), path) if path else name
        if not os.path.exists(path):
            print("%s: %s is not there" % (name, target))
            wrong += 1
        elif fragment and fragment not in anchors(open(path).read()):
            print("%s: %s has no such heading" % (name, target))
            wrong += 1
    return wrong


def sources(directories):
    """What programs print: adjacent literals joined, formats cut out."""
    text = ""
    for directory in directories:
        for root, _, names in os.walk(directory):
            for name in names:
                if name.endswith((".c", ".h", ".py", ".in")):
                    with open(os.path.join(root, name), errors="replace") as f:
                        text += f.read()
    text = re.sub(r'"\s*(PRI[a-z0-9]+)?\s*"', "", text)
    return text.replace("\\n", "")


def check_messages(name, text):
    wrong, inside = 0, False
    for number, line in enumerate(open(name), 1):
        if not line.startswith("|"):
            inside = False
        elif line.startswith("| message |"):
            inside = True
        elif inside:
            for message in re.findall(r"`([^`]+)`", line.split("|")[1]):
                for part in message.split("..."):
                    part = part.strip(" :;,")
                    if len(part) > 6 and part not in text:
                        print("%s:%d: no program prints '%s'" % (name, number, part))
                        wrong += 1
    return wrong


def targets():
    """What make can make, but for files."""
    found = {"all", "check", "clean", "dist", "distcheck", "install", "install-exec"}
    for name in ["Makefile.am"] + glob.glob("*/Makemodule.am"):
        with open(name) as f:
            found.update(re.findall(r"^([a-z][a-z-]*):", f.read(), re.M))
    return found


def ask(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.returncode, done.stdout.decode(errors="replace")


def wrong_with(words):
    """What is wrong with a command, as words; None if it may be right."""
    name, rest = words[0], words[1:]
    if name == "bash" and rest:
        name, rest = rest[0], rest[1:]
    if re.match(r"(\./|tests/|bench/|contrib/)", name) and name != "./configure" and not os.path.exists(name):
        return "%s is not there" % name
    if name == "make":
        for word in rest:
            if not word.startswith("-") and "=" not in word and word not in targets():
                return "make has no target %s" % word
    if name == "dlfm" and rest and not rest[0].startswith("-"):
        status, text = ask("dlfm", rest[0], "--help")
        if status:
            return "dlfm has no subcommand %s" % rest[0]
        for word in rest[1:rest.index("--") if "--" in rest else None]:
            option = re.match(r"--[a-z-]+|-[a-zA-Z]", word)
            if option and not re.search(r"(^|[ ,])%s\b" % re.escape(option.group(0)), text, re.M):
                return "dlfm %s has no option %s" % (rest[0], option.group(0))
    for word in rest:
        m = re.match(r"(--)?dlfm=\"?([^\"]*)", word) if name in ("srun", "sbatch", "salloc", "qsub") else None
        if m and ask("dlfm", "option", m.group(2))[0]:
            return "%s is no option" % word
    return None


def check_shown(name):
    wrong = 0
    for b in parse(open(name).read())[0]:
        if not b.info.startswith("console not run"):
            continue
        for at, text, _ in b.commands():
            words = []
            for word in shlex.split(text, comments=True) + ["&&"]:
                if word not in ("&&", "|", ";"):
                    words.append(word)
                    continue
                while words and re.match(r"[A-Z_]+=", words[0]):
                    words.pop(0)
                problem = wrong_with(words) if words else None
                if problem:
                    print("%s:%d: %s" % (name, b.line + 1 + at, problem))
                    wrong += 1
                words = []
    return wrong


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--update", action="store_true")
    p.add_argument("--links", action="store_true")
    p.add_argument("--shown", action="store_true")
    p.add_argument("--messages", action="append")
    p.add_argument("--local")
    p.add_argument("--home")
    p.add_argument("--inside")
    p.add_argument("--cluster")
    p.add_argument("--cluster-home")
    p.add_argument("--cluster-inside")
    p.add_argument("files", nargs="+")
    args = p.parse_args()
    wrong = 0
    for name in args.files:
        if args.links:
            wrong += check_links(name)
            continue
        if args.shown:
            wrong += check_shown(name)
            continue
        if args.messages:
            wrong += check_messages(name, sources(args.messages))
            continue
        text = open(name).read()
        blocks, stray = parse(text)
        for line in stray:
            print("%s:%d: a command that is not run: use ```console" % (name, line))
        for line, what in problems(blocks):
            print("%s:%d: %s" % (name, line, what))
            wrong += 1
        wrong += len(stray)
        results = []
        if args.local:
            results += run(blocks, "local", args.local, args.home, args.inside or args.home)
        if args.cluster:
            results += run(blocks, "cluster", args.cluster, args.cluster_home,
                           args.cluster_inside or args.cluster_home)
        wrong += check(name, results)
        if args.update:
            update(name, text, results)
        print("%s: %d commands run, %d only shown" % (
            name, len(results), sum(len(b.commands()) for b in blocks) - len(results)))
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
