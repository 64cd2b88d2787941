#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0902-prefix: the software prefix of the bench works from a mount, and takes nothing but system libraries from the node
# time-limit: 120
. "$(dirname "$0")/lib.sh"
need_part slowfs
need_fuse
need mpirun readelf
need_python numpy scipy ase gpaw

run -t 60 "$PYTHON" "$top_srcdir/bench/make-prefix" "$scratch/sw"
is "$rc" 0 "make-prefix" || { diag "$err"; done_testing; }
like "$out" "PYTHONPATH 1[0-9]" "... with as many directories as a site's modules"
run "$PYTHON" "$top_srcdir/bench/make-prefix" "$scratch/sw"
is "$rc" 1 "an existing prefix is left alone"
is "$(ls "$scratch" | grep -c building)" 0 "nothing half made is left"

mkdir "$scratch/mnt"
unmount_on_exit "$scratch/mnt"
ok "mounts" timeout 20 dlfm-slowfs --preset=nfs --state="$scratch/state" "$scratch/sw" "$scratch/mnt"
mv "$scratch/sw" "$scratch/moved" # nothing may depend on where it was made
cat >"$scratch/maps.py" <<'EOF'
import numpy, scipy.linalg, gpaw, sys
files = {l.split()[-1] for l in open("/proc/self/maps") if ".so" in l}
files |= {m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
print("\n".join(sorted(files)))
EOF
run bash -c '. "$1/env.sh" && exec python3 "$2"' - "$scratch/mnt" "$scratch/maps.py"
is "$rc" 0 "import numpy, scipy.linalg, gpaw" || diag "$err"
is "$(grep -v "^$scratch" <<<"$out" | grep -vE '/(ld-linux.*|lib(c|m|mvec|crypto|munge|udev|pthread|dl|rt))\.so' | xargs)" "" \
	"all but libraries of the system come from the mount"
ge "$(wc -l <<<"$out")" 400 "... hundreds of files"
ge "$(dlfm-slowfs --counts "$scratch/state" | sed -n 's/^requests *//p')" 3000 "... thousands of requests"

run -t 90 bash -c '. "$1/env.sh" && exec mpirun --allow-run-as-root --oversubscribe -n 4 python3 "$2"' - \
	"$scratch/mnt" "$top_srcdir/bench/h2.py"
like "$out" "^H2 on 4 ranks: -3[.][0-9]+ eV" "mpirun -n 4 of a GPAW calculation" || diag "$err"

done_testing
