#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0802-pynamic-run: every variant visits what the generator predicted, with the launcher, Python 3.8 to 3.13, and mpi4py
# time-limit: 240
. "$(dirname "$0")/lib.sh"
. "$testdir/pynamic-lib.sh"
need_python_h
have_part launcher || skip_all "the launcher cannot be built here"

# pynamic run, with its results in $scratch/result.json
measure() {
	run -t 100 pynamic run --timeout=60 -q --json="$scratch/result.json" "$@"
}

result() {
	jq -r "$1" "$scratch/result.json"
}

mpi=none
! command -v mpicc mpirun >"$scratch/.out" || mpi=mpicc
generate "$scratch/small" --profile=small --print
build "$scratch/small" --with-mpicc=$mpi
tree=$scratch/small
checksum=$(manifest "$tree" .checksum)

# --- the launcher: all variants

if [ $mpi = none ]; then
	skip "no MPI" "two ranks with the launcher"
else
	measure -n 1,2 --variants=vanilla,vanilla+bind,link,link+bind --table2 --detail --repeat=2 "$tree"
	is "$rc" 0 "four variants on one and two ranks: all checks hold"
	is "$(result '[.measurements[] | "\(.variant) \(.ranks)"] | join(",")')" \
		"vanilla 1,vanilla+bind 1,link 1,link+bind 1,vanilla 2,vanilla+bind 2,link 2,link+bind 2" "... a row each"
	is "$(result '[.measurements[].runs[].per_rank[].checksum] | unique | join(" ")')" "$checksum" \
		"... the predicted checksum on every rank of every run"
	is "$(result '[.measurements[].runs[].per_rank[].mpi.sum] | unique | join(" ")')" \
		"$(manifest "$tree" .mpi_test.sum)" "... and the MPI test's predicted sum"
	is "$(result '[.measurements[].runs[].per_rank[].mpi_kind] | unique | join(" ")')" launcher "... by the launcher's MPI"
	is "$(result '[.measurements[] | .runs | length] | unique | join(" ")')" 2 "two runs each"
	is "$(result '[.measurements[] | .ranks - (.runs[].per_rank | length)] | unique | join(" ")')" 0 "every rank reported"
	is "$(result '.measurements[4].runs[0].per_rank[1].import.modules_ns | length')" 18 "--detail: time of each import"
	is "$(result '[.measurements[].metrics | .startup, .import, .visit, .mpi, .total |
		(.min > 0 and .min <= .median and .median <= .p90 and .p90 <= .p99 and .p99 <= .max)] | all')" true \
		"min, median, percentiles and max of startup, import, visit, MPI test and total"
	is "$(result '[.measurements[].metrics.startup.max] | all(. > 0.001 and . < 60)')" true "startup is measured from exec"
	is "$(result '[.measurements[].runs[].per_rank[] |
		.total.ns >= .startup.ns + .mpi_init.ns + .import.ns + .visit.ns + .mpi.ns] | all')" true \
		"total is not less than its parts"
	is "$(result '[.measurements[].metrics.import_minor_faults.min] | all(. > 0)')" true "page faults are counted"
	is "$(result '.measurements[] | select(.variant == "link") | .metrics.import_minor_faults.median' | head -n 1 |
		awk -v v="$(result '.measurements[0].metrics.import_minor_faults.median')" '{ print ($1 < v) }')" 1 \
		"... fewer in imports of linked modules"
	like "$out" "Table 1.*startup.*import.*visit.*total.*link\+bind" "Table 1"
	like "$out" "Over the ranks.*median.*p99" "... over the ranks"
	like "$out" "Table 2.*L1D misses.*L1I misses" "Table 2"
	if perf_none=$(result '.measurements[0].counters | join(" ")') && [[ $perf_none == *"has none"* ]]; then
		like "$out" "this machine has none" "... which says that this machine has no counters"
	else
		is "$(result '[.measurements[].metrics.import_l1d_misses.min] | all(. > 0)')" true "... misses are counted"
	fi

	ok "a plot of it" pynamic plot "$scratch/result.json" -o "$scratch/plot.svg"
	ok "... is XML" "$PYTHON" -c "import sys, xml.dom.minidom as m; m.parse(sys.argv[1])" "$scratch/plot.svg"
	is "$(grep -c '<polyline' "$scratch/plot.svg")" 12 "... with a line for each variant in three panels"
	like "$(cat "$scratch/plot.svg")" "startup, s.*import, s.*visit, s.*ranks" "... and titles"
fi

# --- every call is a line with --print

measure --with=python --variants=vanilla "$tree"
is "$(grep -c '^pynamic: pyn_' <<<"$err")" "$(manifest "$tree" .counts.calls)" "as many calls as the generator counted"
is "$(grep -oE '^pynamic: pyn_[mu][0-9]+_f[0-9]+' <<<"$err" | sort -u | wc -l)" \
	"$(manifest "$tree" .counts.visited_functions)" "... of as many functions"

# --- a wrong result is found

sed -i '0,/ULL;/s//ULL + 1;/' "$tree/src/pyn_u0002.c"
build "$tree" --with-mpicc=$mpi
measure --with=python --variants=vanilla "$tree"
is "$rc" 1 "a library that computes something else: status 1"
like "$err" "checksum 0x[0-9a-f]+, predicted $checksum" "... and a message"
generate "$tree" --profile=small --print
build "$tree" --with-mpicc=$mpi

# --- plain Python, all versions that are here, on what was built once

measure --with=python --variants=vanilla,vanilla+bind -n 3 --cold=tree "$tree"
is "$rc" 0 "plain Python, three ranks without MPI, cold"
is "$(result '[.measurements[].runs[].per_rank[].mpi_kind] | unique | join(" ")')" none "... without MPI"
measure --with=python --variants=link "$tree"
like "$rc $err" "^125 .*--with=launcher" "plain Python cannot have the modules linked in"
for python in "${PYENV_ROOT:-/root/.pyenv}"/versions/3.*/bin/python3; do
	version=$("$python" -c 'import sys; print("3.%d" % sys.version_info[1])' 2>"$scratch/.err") || continue
	case $version in 3.[0-7]) continue ;; esac
	measure --with=python --python="$python" --variants=vanilla "$tree"
	is "$rc $(result '.measurements[0].runs[0].per_rank[0].python' | cut -d. -f1,2)" "0 $version" "Python $version"
done
if "$PYTHON" -c 'import mpi4py' 2>"$scratch/.err" && [ $mpi != none ]; then
	measure --with=mpi4py --variants=vanilla -n 2 "$tree"
	is "$rc $(result '[.measurements[].runs[].per_rank[].mpi_kind] | join(" ")')" "0 mpi4py mpi4py" "two ranks with mpi4py"
else
	skip "no mpi4py" "two ranks with mpi4py"
fi

# --- against the number of libraries

generate "$scratch/few" -m 2 -f 5
build "$scratch/few" --with-mpicc=none
measure --with=python --variants=vanilla "$scratch/few" "$tree"
is "$rc $(result '[.measurements[].tree.libraries] | join(",")')" "0 2,11" "two trees"
ok "a plot of these" pynamic plot "$scratch/result.json" -o "$scratch/plot.svg"
like "$(cat "$scratch/plot.svg")" "generated libraries" "... against the number of libraries"
if "$PYTHON" -c 'import matplotlib' 2>"$scratch/.err"; then
	ok "a plot as PNG" env MPLCONFIGDIR="$scratch" pynamic plot "$scratch/result.json" -o "$scratch/plot.png"
	is "$(head -c 4 "$scratch/plot.png" | tr -d '\211')" PNG "... is one"
else
	skip "no matplotlib" "a plot as PNG"
fi

# --- other search paths, sonames, compilers, Pythons in the launcher

generate "$scratch/env" -m 3 -f 40 -u 3 -U 40 --search=environment --soname=none --library-path-depth=3 -e --coverage=40
build "$scratch/env" --with-mpicc=none
measure --variants=link,vanilla "$scratch/env"
is "$rc" 0 "LD_LIBRARY_PATH, no sonames, 40 percent coverage; a launcher without MPI"
for search in rpath runpath origin-rpath; do
	generate "$scratch/$search" -m 2 -f 5 -u 2 -U 5 --search=$search --library-path-depth=2 -e
	build "$scratch/$search" --with-mpicc=none
	measure --variants=link,vanilla "$scratch/$search"
	is "$rc" 0 "--search=$search"
done
if command -v clang clang++ >"$scratch/.out"; then
	build "$tree" --with-cc=clang --with-cxx=clang++ --cflags="-O2" --with-mpicc=none
	measure --variants=link,vanilla "$tree"
	is "$rc $(result '[.measurements[].runs[].per_rank[].checksum] | unique | join(" ")')" "0 $checksum" "clang, -O2"
else
	skip "no clang" "clang, -O2"
fi
for python in "${PYENV_ROOT:-/root/.pyenv}"/versions/3.{8,13}.*/bin/python3; do
	[ -x "$python" ] || continue
	timeout 120 pynamic build -q -j2 --with-python="$python" --with-mpicc=none "$scratch/env" >"$scratch/build.log" 2>&1
	measure --variants=link,vanilla "$scratch/env"
	is "$rc $(result '[.measurements[].runs[].per_rank[].python] | unique | join(" ")')" \
		"0 $("$python" -c 'import platform; print(platform.python_version())')" "the launcher with $(basename "$(dirname "${python%/bin/*}")/")${python#*versions/}"
done

# --- stopped

printf '#!/bin/bash\necho $$ >"%s/hanging"\nsleep 50\n' "$scratch" >"$scratch/hang"
chmod +x "$scratch/hang"
background pynamic run -q --with=python --python="$scratch/hang" --variants=vanilla "$tree" 2>"$scratch/.err"
wait_until 30 test -s "$scratch/hanging"
kill -TERM "$child"
wait "$child"
is "$? $(cat "$scratch/.err")" "130 pynamic: stopped" "a run that is stopped says so"
not_ok "... and leaves no rank behind" grep -q '^State:[[:space:]][^ZX]' "/proc/$(cat "$scratch/hanging")/status"
measure --with=python --python="$scratch/hang" --variants=vanilla --timeout=1 "$tree"
like "$rc $err" "^1 pynamic: .*stopped after 1 s" "a run over its time limit is stopped"

# --- refusals

measure "$scratch"
like "$rc $err" "^125 .*pynamic generate" "no tree"
generate "$scratch/unbuilt" -m 1 -f 1
measure "$scratch/unbuilt"
like "$rc $err" "^125 .*pynamic build" "a tree that is not built"
measure --variants=vanilla --scratch="$scratch/nowhere" "$tree"
like "$rc $err" "^125 .*--scratch" "no place for reports"
measure --variants=static "$tree"
like "$rc $err" "^125 .*static.*vanilla" "an unknown variant"
measure -n 0 "$tree"
like "$rc $err" "numbers of ranks" "zero ranks"
run pynamic plot "$tree/pynamic.json" -o "$scratch/x.svg"
like "$rc $err" "^125 .*no result" "plot: something else"
is "$(find "$scratch" -name 'results.*')" "" "no run left its files behind"

done_testing
