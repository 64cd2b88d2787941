# SPDX-License-Identifier: BSD-3-Clause
"""check-recipes.py TOP VERSION: the recipes for Spack, EasyBuild and RPM are read with stand-ins for those tools. Prints what is
wrong with them, a line each: another version, an option that configure does not have, a variant that is missing."""
import itertools
import re
import subprocess
import sys
import types

top, version = sys.argv[1:]
helped = subprocess.run([top + "/configure", "--help"], capture_output=True, text=True, check=True).stdout
known = set(re.findall(r"--(?:with|without|enable|disable)-([a-z0-9-]+)", helped))


def complain(*words):
    print(*words)


def check_options(recipe, options):
    for option in options:
        m = re.match(r"--(?:with|without|enable|disable)-([a-z0-9-]+)", option)
        if not m or m.group(1) not in known:
            complain(recipe, "names an option that configure does not have:", option)


def spack_stub(calls):
    """A module "spack.package" in which each directive notes that it was called."""
    module = types.ModuleType("spack.package")
    for name in ("license", "version", "variant", "depends_on", "conflicts"):
        setattr(module, name, lambda *a, _name=name, **k: calls.append((_name, a, k)))
    module.AutotoolsPackage = type("AutotoolsPackage", (), {})
    module.Executable = lambda path: lambda: None
    module.__all__ = [n for n in vars(module) if not n.startswith("__")]
    sys.modules["spack"] = types.ModuleType("spack")
    sys.modules["spack.package"] = module


class Spec(dict):
    """A concrete spec: variants on or off; every dependency has a prefix."""

    def __init__(self, on):
        super().__init__()
        self.on = on

    def satisfies(self, text):
        return (text[1:] in self.on) == (text[0] == "+")

    def __getitem__(self, name):
        return types.SimpleNamespace(prefix="/opt/" + name, mpicc="/opt/mpi/bin/mpicc")


def check_spack():
    calls, scope = [], {}
    spack_stub(calls)
    with open(top + "/contrib/spack/package.py") as f:
        exec(compile(f.read(), "package.py", "exec"), scope)
    variants = [a[0] for n, a, k in calls if n == "variant"]
    if not {"slurm", "pmix", "mpi", "pbs"} <= set(variants):
        complain("spack: a variant is missing:", variants)
    if version not in [a[0] for n, a, k in calls if n == "version"]:
        complain("spack: has no version", version)
    for n, a, k in calls:
        for v in re.findall(r"[+~]([a-z]+)", k.get("when") or ""):
            if v not in variants:
                complain("spack: no such variant:", v)
    package = scope["Dlfm"]()

    def with_or_without(name, activation_value=None):
        if not package.spec.satisfies("+" + name):
            return ["--without-" + name]
        return ["--with-" + name + ("=/opt/" + name if activation_value else "")]

    package.with_or_without = with_or_without
    for bits in itertools.product([0, 1], repeat=len(variants)):
        package.spec = Spec([v for v, bit in zip(variants, bits) if bit])
        check_options("spack:", package.configure_args())


def check_easybuild():
    scope = {"SYSTEM": {"name": "system"}}
    with open("%s/contrib/easybuild/DLFM-%s.eb" % (top, version)) as f:
        exec(compile(f.read(), "DLFM.eb", "exec"), scope)
    for word in "easyblock name version homepage description toolchain sources dependencies sanity_check_paths moduleclass".split():
        if word not in scope:
            complain("easybuild: no", word)
    if scope["version"] != version:
        complain("easybuild: version", scope["version"])
    check_options("easybuild:", scope["configopts"].split())


def check_rpm():
    with open(top + "/contrib/rpm/dlfm.spec") as f:
        spec = f.read()
    if not re.search(r"^Version: +%s$" % re.escape(version), spec, re.M):
        complain("rpm: another version than", version)
    packages = set(re.findall(r"^%package ([a-z]+)$", spec, re.M))
    if packages != set(re.findall(r"^%files ([a-z]+)$", spec, re.M)) or not {"slurm", "pbs", "pynamic"} <= packages:
        complain("rpm: packages", packages)
    check_options("rpm:", [re.sub(r"%\{!\?with_[a-z]+:out\}", "out", w) for w in re.findall(r"--with[^ \n]*", spec.split("%build")[1].split("%install")[0])])


check_spack()
check_easybuild()
check_rpm()
