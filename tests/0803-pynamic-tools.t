#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0803-pynamic-tools: gdb, unattended, on the generated application: both phases, cold and warm
. "$(dirname "$0")/lib.sh"
. "$testdir/pynamic-lib.sh"
need gdb
need_python_h
have_part launcher || skip_all "the launcher cannot be built here"

generate "$scratch/small" --profile=small
build "$scratch/small" --with-mpicc=none
run gdb --nx --batch -ex 'starti' -ex 'kill' "$scratch/small/bin/pynamic-launcher"
[[ $out$err != *ptrace* ]] || skip_all "gdb cannot trace processes here"

run pynamic tools --timeout=40 --repeat=2 --json="$scratch/tools.json" "$scratch/small"
is "$rc" 0 "tools: linked and vanilla"
like "$out" "Table 4.*phase 1.*phase 2.*link.*cold.*warm.*vanilla.*cold.*warm" "... Table 4"
rows() {
	jq -r "$1" "$scratch/tools.json"
}
is "$(rows '[.rows[] | "\(.variant) \(.state)"] | join(",")')" "link cold,link warm,vanilla cold,vanilla warm" "... a row each"
is "$(rows '[.rows[] | .phase1 > 0.001 and .phase2 > 0.0001] | all')" true "... with times"
libraries=$(manifest "$scratch/small" '[.modules[], .utilities[]] | length')
is "$(rows '[.rows[] | select(.variant == "link") | .libraries_imported - .libraries_attached] | unique | join(" ")')" 0 \
	"linked: all libraries are there when gdb attaches"
is "$(rows '[.rows[] | select(.variant == "vanilla") | .libraries_imported - .libraries_attached >= '"$libraries"'] | all')" \
	true "vanilla: gdb followed all dynamic loads"
is "$(pgrep -f "$scratch/small/bin")" "" "neither application nor debugger is left"
run pynamic tools --gdb=no-such-gdb "$scratch/small"
like "$rc $err" "^125 .*no-such-gdb" "a debugger that is missing is named"
run pynamic tools --variants=link+dlfm "$scratch/small"
like "$rc $err" "^125 .*dlfm" "variants under dlfm are refused"

done_testing
