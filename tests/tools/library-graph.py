#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""library-graph.py SEED SOFTWARE OTHER: makes a random graph of small libraries and a program, for tests of the dl layer.

Directories lie below SOFTWARE (which a test records) and OTHER (which it does not). Libraries have random sonames,
symbolic links, shadowing copies, RPATH or RUNPATH with and without $ORIGIN, needed libraries, and symbols that several
of them define, so that every result depends on what was loaded, from where and in which order; half of them have symbol
versions, some two of one symbol, and users of the older one, and copies may lack a version. The program calls them,
opens more, closes some, and prints all that it sees. The values of LD_LIBRARY_PATH to try are written to
SOFTWARE/paths, one a line; the program is SOFTWARE/bin/prog.
"""
import os
import random
import subprocess
import sys

N_LIBS = 9
N_COMMON = 4
CC = os.environ.get("CC", "cc").split()


class Library:
    def __init__(self, number, rng, dirs, below):
        self.number = number
        self.dir = rng.choice(dirs)
        self.file = rng.choice([f"lib{number}.so", f"lib{number}.so", f"lib{number}-1.2.so"])
        self.soname = rng.choice([None, f"lib{number}.so", f"lib{number}.so.1", f"lib{number}.so.1"])
        self.needed = rng.sample(below, min(len(below), rng.choice([0, 1, 1, 2, 3])))
        self.defines = [k for k in range(N_COMMON) if rng.random() < 0.4]
        self.uses = [k for k in range(N_COMMON) if rng.random() < 0.5]
        self.search = search_flags(rng, dirs)
        self.copy = rng.choice(dirs) if rng.random() < 0.25 else None
        self.versions = rng.choice([0, 0, 1, 2])  # 2: an older one that is not the default
        self.old_uses = {n.number for n in self.needed if n.versions == 2 and rng.random() < 0.5}
        self.copy_versions = rng.choice([self.versions, self.versions, self.versions, 0, 1, 2])

    def names(self):
        return [n for n in dict.fromkeys((self.file, self.soname, f"lib{self.number}.so")) if n]


def search_flags(rng, dirs):
    kind = rng.choice([None, "rpath", "runpath", "runpath"])
    if not kind:
        return []
    parts = []
    for _ in range(rng.choice([1, 2, 3])):
        d = rng.choice(dirs)
        parts.append(rng.choice([d, "$ORIGIN", "${ORIGIN}/../" + os.path.basename(d), "$ORIGIN/.", d + "/"]))
    tags = "--disable-new-dtags" if kind == "rpath" else "--enable-new-dtags"
    return [f"-Wl,{tags},-rpath,{':'.join(parts)}"]


def build(output, source, flags):
    subprocess.run(CC + ["-w", "-O0", "-xc", "-o", output, "-", "-xnone"] + flags, input=source.encode(), check=True)


def versioned(lib, versions, result, map_file):
    """Source and linker flags of the library's function, in as many versions as it has."""
    number = lib.number
    if versions == 0:
        return [f"int f{number}(void) {{ return {result}; }}"], []
    commons = "".join(f" common{k};" for k in lib.defines)
    text = f"V1 {{ global: f{number};{commons} }};\n"
    body = [f"int f{number}(void) {{ return {result}; }}"]
    if versions == 2:
        text += f"V2 {{ global: f{number}; }} V1;\n"
        body = [f"int new(void) {{ return {result}; }}", f"int old(void) {{ return {result} + 100000; }}",
                f'__asm__(".symver new,f{number}@@V2");', f'__asm__(".symver old,f{number}@V1");']
    with open(map_file, "w") as f:
        f.write(text)
    return body, [f"-Wl,--version-script={map_file}"]


def build_library(lib, directory, extra):
    """extra: told apart copies."""
    body = [f"__attribute__((weak)) int common{k}(void);" for k in lib.uses if k not in lib.defines]
    body += [f"int common{k}(void) {{ return {lib.number + 1} * 10 + {extra}; }}" for k in lib.defines]
    body += [f"int f{n.number}(void);" for n in lib.needed]
    body += [f'__asm__(".symver f{n},f{n}@V1");' for n in sorted(lib.old_uses)]
    terms = [str(lib.number + extra)]
    terms += [f"(common{k} ? common{k}() : 0) * {k + 3}" for k in lib.uses]
    terms += [f"f{n.number}() * 7" for n in lib.needed]
    map_file = os.path.join(directory, "map")
    own, own_flags = versioned(lib, lib.copy_versions if extra == 500 else lib.versions, f"({' + '.join(terms)}) % 1000003",
                               map_file)
    body += own
    flags = ["-shared", "-fPIC", "-nostartfiles"] + lib.search + own_flags
    if lib.soname:
        flags += [f"-Wl,-soname,{lib.soname}"]
    for n in lib.needed:
        flags += ["-L" + n.dir, f"-l:{n.file}"]
    build(os.path.join(directory, lib.file), "\n".join(body), flags)
    if own_flags:
        os.remove(map_file)
    for name in lib.names():
        link = os.path.join(directory, name)
        if not os.path.lexists(link):
            os.symlink(lib.file, link)


def spellings(rng, lib, links):
    """Ways to name a library to dlopen."""
    path = os.path.join(lib.dir, rng.choice(lib.names()))
    base, parent = os.path.basename(path), os.path.dirname(lib.dir)
    ways = [base, base, path, path, f"{parent}//{os.path.basename(lib.dir)}/./{base}",
            f"{lib.dir}/../{os.path.basename(lib.dir)}/{base}", f"./{base}", f"$ORIGIN/../{os.path.basename(lib.dir)}/{base}"]
    ways += [os.path.join(link, base) for link, target in links if target == lib.dir]
    return ways


def program(rng, libs, links, dirs):
    lines = ["int main(void) {"]
    for lib in libs[-3:]:
        lines.append(f'\tif (f{lib.number}) printf("f{lib.number} = %d\\n", f{lib.number}());')
    opened = 0
    for _ in range(24):
        what = rng.random()
        if what < 0.1:
            lines.append(f'\tif (chdir("{rng.choice(dirs)}")) return 9;')
        elif what < 0.2 and opened:
            lines.append(f"\tclose_one({rng.randrange(opened)});")
        elif what < 0.3:
            lines.append(f'\topen_one({opened}, "lib{rng.randrange(90, 99)}.so", RTLD_NOW, 0);')
            opened += 1
        else:
            lib = rng.choice(libs)
            flags = rng.choice(["RTLD_NOW", "RTLD_LAZY"]) + rng.choice(
                ["", "", " | RTLD_GLOBAL", " | RTLD_NOLOAD", " | RTLD_DEEPBIND", " | RTLD_NODELETE"])
            name = rng.choice(spellings(rng, lib, links))
            lines.append(f'\topen_one({opened}, "{name}", {flags}, "f{lib.number}");')
            opened += 1
    lines += ["\tshow();", "\treturn 0;", "}"]
    return "\n".join(lines)


HEAD = r"""
#define _GNU_SOURCE
#include <unistd.h>
%s
static void *handles[64];
static int which(void *h)
{
	for (int i = 0; i < 64; i++)
		if (handles[i] == h)
			return i;
	return -1;
}
static void open_one(int i, const char *name, int flags, const char *f)
{
	void *h = dlopen(name, flags);
	struct link_map *m = NULL;
	int (*fn)(void) = h && f ? (int (*)(void))dlsym(h, f) : NULL, (*old)(void);
	if (!h) {
		printf("%%d %%s: %%s\n", i, name, (flags & RTLD_NOLOAD) ? "-" : dlerror());
		return;
	}
	handles[i] = h;
	dlinfo(h, RTLD_DI_LINKMAP, &m);
	old = h && f ? (int (*)(void))dlvsym(h, f, "V1") : NULL;
	printf("%%d %%s: first as %%d, %%s, %%d %%d\n", i, name, which(h), m ? m->l_name : "?", fn ? fn() : -1, old ? old() : -1);
}
static void close_one(int i)
{
	if (handles[i])
		printf("close %%d: %%d\n", i, dlclose(handles[i]));
	handles[i] = NULL;
}
"""


def main():
    seed, software, other = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    show_code = os.environ["show_code"]
    rng = random.Random(seed)
    dirs = [f"{software}/d{i}" for i in range(5)] + [f"{other}/o{i}" for i in range(2)]
    hwcaps = f"{software}/d0/glibc-hwcaps/x86-64-v2"
    for d in dirs + [hwcaps, f"{software}/bin"]:
        os.makedirs(d)
    links = []
    for where in (f"{software}/l0", f"{software}/l1", f"{other}/l2"):
        target = rng.choice(dirs)
        os.symlink(target, where)
        links.append((where, target))
    libs = []
    for i in range(N_LIBS):
        libs.append(Library(i, rng, dirs, libs))
    for lib in libs:
        build_library(lib, lib.dir, 0)
        if lib.copy and lib.copy != lib.dir:
            build_library(lib, lib.copy, 500)
        if rng.random() < 0.1:
            build_library(lib, hwcaps, 700)
    flags = search_flags(rng, dirs)
    for lib in libs[-3:]:
        flags += ["-L" + lib.dir, f"-l:{lib.file}"]
    declarations = "".join(f"__attribute__((weak)) int f{lib.number}(void);\n" for lib in libs[-3:])
    build(f"{software}/bin/prog", HEAD % show_code + declarations + program(rng, libs, links, dirs),
          ["-Wl,--unresolved-symbols=ignore-all", "-Wl,--no-as-needed", "-rdynamic"] + flags)
    places = dirs + [link for link, _ in links] + [f"{software}/none"]
    with open(f"{software}/paths", "w") as f:
        for _ in range(2):
            f.write(":".join(rng.sample(places, len(places))) + "\n")
        for _ in range(2):
            f.write(":".join(rng.sample(places, rng.randrange(2, 6))) + "\n")


main()
