# SPDX-License-Identifier: BSD-3-Clause
# What the tests of Pynamic (08xx) share. After lib.sh.

need_part pynamic
need make "$CC" jq

export PATH=$top_builddir/pynamic:$PATH
export PYNAMIC_DATADIR=$top_srcdir/pynamic
export PYNAMIC_PYTHON=$PYTHON
export PYTHONDONTWRITEBYTECODE=1

# generate DIRECTORY OPTION...: and its report as JSON in $report
generate() {
	local directory=$1
	shift
	report=$(timeout 60 pynamic generate --json "$@" "$directory") || bail_out "pynamic generate $* failed"
}

# build DIRECTORY OPTION...
build() {
	local directory=$1
	shift
	timeout 300 pynamic build -q -j2 --with-python="$PYTHON" "$@" "$directory" >"$scratch/build.log" 2>&1 ||
		bail_out "pynamic build $* failed: $(tail -n 5 "$scratch/build.log")"
}

# manifest DIRECTORY FILTER: a value of the tree's manifest
manifest() {
	jq -r "$2" "$1/pynamic.json"
}

need_python_h() {
	"$PYTHON" "$top_srcdir/pynamic/python-flags.py" check >"$scratch/.out" 2>&1 || skip_all "$(cat "$scratch/.out")"
}
