# SPDX-License-Identifier: BSD-3-Clause
"""Spack recipe of DLFM.

    spack repo create dlfm-repo dlfm && cp package.py dlfm-repo/packages/dlfm/    (after mkdir -p dlfm-repo/packages/dlfm)
    spack repo add dlfm-repo && spack install dlfm +slurm

The tarball is that of "make dist", looked for in the current directory or in Spack's mirrors; or give the variable
DLFM_GIT a clone to build from, and install dlfm@main. Tested here: that the recipe is Python, that it names only options
that configure has, and all parts. Not tested, for want of Spack: concretisation and installation.
"""
import os

from spack.package import *


class Dlfm(AutotoolsPackage):
    """Starts applications from node memory: records which shared libraries and Python files an application looks up,
    packs them into one file, and answers the dynamic linker and Python from it on every node of a job."""

    homepage = "file://" + os.getcwd()
    url = "file://{0}/dlfm-0.1.0.tar.gz".format(os.getcwd())
    git = os.environ.get("DLFM_GIT", "")

    license("BSD-3-Clause")

    # A tarball of one's own has no digest that a recipe could know: spack checksum dlfm, or spack install --no-checksum.
    version("main", branch="main")
    version("0.1.0")

    variant("pmix", default=True, description="dlfm-stage: distribution to the nodes of a job")
    variant("mpi", default=False, description="distribution over the fabric, by MPI", when="+pmix")
    variant("slurm", default=False, description="SPANK plugin: srun --dlfm")
    variant("pbs", default=False, description="hook for OpenPBS and PBS Professional")
    variant("pynamic", default=True, description="the Pynamic benchmark")

    depends_on("c", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("python@3.6:", type=("build", "run"))
    depends_on("autoconf", type="build", when="@main")
    depends_on("automake", type="build", when="@main")
    depends_on("json-c")
    depends_on("zstd")
    depends_on("xxhash")
    depends_on("pmix", when="+pmix")
    depends_on("openssl", when="+pmix")
    depends_on("mpi", when="+mpi")
    # The plugin is loaded by this very release of Slurm; make it an external package of the site's.
    depends_on("slurm", when="+slurm")

    conflicts("platform=darwin", msg="DLFM works with ld.so of glibc")

    def autoreconf(self, spec, prefix):
        Executable("./autogen.sh")()

    def configure_args(self):
        args = ["--without-fuse3", "--without-cmocka", "--without-python-embed"]
        args += self.with_or_without("pmix", activation_value="prefix")
        if self.spec.satisfies("+mpi"):
            args.append("--with-mpi={0}".format(self.spec["mpi"].mpicc))
        else:
            args.append("--without-mpi")
        args += self.with_or_without("slurm", activation_value="prefix")
        args += self.with_or_without("pynamic")
        if self.spec.satisfies("~pbs"):
            args.append("--without-pbs-hook")
        return args

    # Nothing is set for the packages or users that load DLFM but paths, which Spack does by itself: LD_AUDIT and
    # LD_PRELOAD belong to "dlfm record" and "dlfm replay".
