# SPDX-License-Identifier: BSD-3-Clause
"""The demonstration's GPAW calculation: the energy of a hydrogen molecule; mpirun -n N python3 h2.py prints it once."""
from ase.build import molecule
from gpaw import GPAW
from gpaw.mpi import world

h2 = molecule("H2")
h2.center(vacuum=2.0)
h2.calc = GPAW(mode="lcao", basis="sz(dzp)", h=0.3, txt=None, convergence={"density": 1e-2})
energy = h2.get_potential_energy()
if world.rank == 0:
    print("H2 on %d ranks: %.2f eV" % (world.size, energy))
