# SPDX-License-Identifier: BSD-3-Clause
"""A generated and built tree, read from its manifest."""
import json
import os


class Problem(Exception):
    """Something that the user must know, as one sentence: exit status 125."""


class Tree:
    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        if ":" in self.directory:
            raise Problem("%s: a search path cannot hold a directory with a colon: move the tree" % directory)
        try:
            with open(self.file("pynamic.json")) as file:
                self.manifest = json.load(file)
        except (OSError, ValueError) as error:
            raise Problem("%s: no generated tree there (%s): run pynamic generate" % (directory, error)) from None
        if self.manifest.get("schema") != "pynamic-tree/1":
            raise Problem("%s: a tree of another release: run pynamic generate again" % directory)
        if not self.libraries_built():
            raise Problem("%s: is not built, or not wholly: run pynamic build" % directory)

    def file(self, path):
        return os.path.join(self.directory, path)

    def libraries_built(self):
        return all(os.path.exists(self.file(library["path"])) for library in self.libraries())

    def libraries(self):
        return self.manifest["utilities"] + self.manifest["modules"]

    def launcher(self, linked):
        path = self.file("bin/pynamic-linked" if linked else "bin/pynamic-launcher")
        if not os.access(path, os.X_OK):
            raise Problem("%s: is not built: run pynamic build, or run --with=python" % path)
        return path

    def driver(self):
        return self.file("driver/driver.py")

    def environment(self):
        """What a run needs: PYTHONPATH, and LD_LIBRARY_PATH where the tree has no other search path."""
        python_path = [self.file(path) for path in self.manifest["python_path"]]
        result = {"PYTHONPATH": join_path(python_path, "PYTHONPATH"), "PYTHONDONTWRITEBYTECODE": "1"}
        if self.manifest["parameters"]["search"] == "environment":
            library_path = [self.file(path) for path in self.manifest["library_path"]] + python_path
            result["LD_LIBRARY_PATH"] = join_path(library_path, "LD_LIBRARY_PATH")
        return result

    def brief(self):
        """For results: which tree it was."""
        return {
            "directory": self.directory,
            "libraries": len(self.libraries()),
            "counts": self.manifest["counts"],
            "parameters": self.manifest["parameters"],
        }


def join_path(directories, variable):
    """In front of what the variable has."""
    there = os.environ.get(variable)
    return ":".join(directories + ([there] if there else []))
