# SPDX-License-Identifier: BSD-3-Clause
"""The variants of the paper: vanilla, link, link+bind; and each of them under dlfm replay."""
from tree import Problem

BASES = ("vanilla", "vanilla+bind", "link", "link+bind")


class Variant:
    """vanilla: modules are loaded when imported. link: all are linked into the program. bind: LD_BIND_NOW."""

    def __init__(self, name):
        self.name = name
        self.dlfm = name.endswith("+dlfm")
        self.base = name[: -len("+dlfm")] if self.dlfm else name
        if self.base not in BASES:
            raise Problem("%s: no such variant: take %s, one of these with +dlfm, or dlfm" % (name, ", ".join(BASES)))
        self.linked = self.base.startswith("link")
        self.environment = {"LD_BIND_NOW": "1"} if self.base.endswith("+bind") else {}


def parse(text):
    """The word dlfm stands for: each of the others under replay too (alone: vanilla)."""
    names = [name for name in text.split(",") if name]
    bases = [name for name in names if name != "dlfm"]
    if "dlfm" in names:
        bases = bases or ["vanilla"]
        bases += [name + "+dlfm" for name in bases if not name.endswith("+dlfm")]
    if not bases:
        raise Problem("--variants: name at least one")
    return [Variant(name) for name in dict.fromkeys(bases)]
