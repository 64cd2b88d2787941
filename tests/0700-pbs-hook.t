#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0700-pbs-hook: what dlfm_hook.py makes of each event, under a stand-in for pbs_python that behaves as OpenPBS does
. "$(dirname "$0")/lib.sh"
need_part pbs
need_part tools
[ -n "$PYTHON" ] || skip_all "no python3"

hook=$top_srcdir/pbs-hook/dlfm_hook.py
top=$top_srcdir/tests/pbs/input/launch-top.in
launcher=$top_builddir/pbs-hook/dlfm-pbs-launch

# config [LINES]: the hook's configuration, with the programs of the build tree
config() {
	printf '{ "dlfm": "%s", "launcher": "%s"%s }\n' "$top_builddir/cache-tools/dlfm" "$launcher" "${1:-}" \
		>"$scratch/conf.json"
}

# event FILE [SED...]: runs the hook on an input that was edited
event() {
	local from=$1
	shift
	sed -e "" "$@" "$from" >"$scratch/event.in"
	run "$PYTHON" "$top_srcdir/tests/pbs/pbs_python" --hook -i "$scratch/event.in" -c "$scratch/conf.json" "$hook"
	[ "$rc" = 0 ] || fail "the hook ran" "$err"
}

# field NAME: of the hook's outcome
field() {
	printf '%s' "$out" | "$PYTHON" -c 'import json, sys
v = json.load(sys.stdin)[sys.argv[1]]
print(v if isinstance(v, str) else json.dumps(v))' "$1"
}

config

submit="s/type=execjob_launch/type=queuejob/"
event "$top" -e "$submit"
is "$(field outcome)" accept "queuejob: a right option is accepted"
event "$top" -e "$submit" -e 's/replay:.*/recrod/'
is "$(field outcome)" reject "queuejob: a mistyped one is refused"
like "$(field message)" "^dlfm: unknown value 'recrod'.*record.*replay:FILE" "... with a message that says what to write"
event "$top" -e "s/type=execjob_launch/type=modifyjob/" -e 's/replay:.*/replay:~\/c.dat/'
is "$(field outcome)" reject "modifyjob: '~' is refused"
like "$(field message)" "~" "... and named"
event "$top" -e "$submit" -e '/dlfm\]/d'
is "$(field outcome)" accept "queuejob: a job without the option is accepted"
event "$top" -e "$submit" -e '/dlfm/d'
is "$(field outcome)" accept "queuejob: an undefined resource rejects no job"
like "$(field log)" '^\[\]$' "... and fills no log"
config ', "dlfm": "/nowhere/dlfm"'
event "$top" -e "$submit" -e 's/replay:.*/recrod/'
is "$(field outcome)" accept "queuejob: a job is accepted when the option cannot be checked"
like "$(field log)" "/nowhere/dlfm" "... and the log says why"
config

event "$top"
is "$(field outcome)" accept "launch: the top task goes on"
is "$(field progname)" "$launcher" "... with the launcher in front"
like "$(field argv)" '"--top", "--job=12_3_.ctl", "--option=replay:/proj/app/cache.dat"' "... told the job and the option"
like "$(field argv)" '"--", "/bin/bash"\]$' "... and the real program"
like "$(field env)" '"A": "1,2"' "... the environment is untouched"
event "$top" -e 's/^pbs.event().progname=.*/&\npbs.event().argv[0]=myapp\npbs.event().argv[1]=x y/'
like "$(field argv)" '"--argv0=myapp", "--", "/bin/bash", "x y"\]$' "launch: arguments are kept"
event "$top" -e 's/PBS_TASKNUM=1/PBS_TASKNUM=40000001/'
unlike "$(field argv)" '"--top"' "launch: another task on the primary node does not stage"
event "$top" -e '/_msmom/d'
unlike "$(field argv)" '"--top"' "launch: a task on another node does not stage"
event "$top" -e 's/replay:.*/off/'
is "$(field progname)" /bin/bash "launch: with off nothing is changed"
event "$top" -e '/dlfm/d'
is "$(field progname)" /bin/bash "launch: without the option nothing is changed"
config ', "launcher": "/nowhere/launch"'
event "$top"
is "$(field outcome) $(field progname)" "accept /bin/bash" "launch: a node without the launcher runs the job unchanged"
config ', "default": "replay:/site/cache.dat", "stage_dirs": "/dev/shm:/tmp", "timeout": 7, "mpirun": "/opt/mpirun"'
event "$top" -e '/dlfm\]/d'
like "$(field argv)" "--option=replay:/site/cache.dat.*--dirs=/dev/shm:/tmp.*--timeout=7.*--mpirun=/opt/mpirun" \
	"launch: the configuration's values are passed on"
config ', "stage_dir": "/x"'
event "$top"
like "$(field log)" "unknown key 'stage_dir'" "a wrong key in the configuration is named"
is "$(field outcome)" accept "... and rejects nothing"
echo "not JSON" >"$scratch/conf.json"
event "$top"
is "$(field outcome)" accept "a configuration that cannot be read rejects nothing"

# A program in the place of dlfm tells how it was called.
cat >"$scratch/dlfm" <<E
#!/bin/sh
echo "\$(id -u) \$*" >>"$scratch/called"
E
chmod 755 "$scratch/dlfm"
config ", \"dlfm\": \"$scratch/dlfm\", \"stage_dirs\": \"/dev/shm\""
: >"$scratch/called"
chmod 777 "$scratch" "$scratch/called"
ends='s/type=execjob_launch/type=execjob_end/'
event "$top" -e "$ends"
is "$(cat "$scratch/called")" "0 clean --quiet --job=12_3_.ctl --dir=/dev/shm" "end: the job's leases are released"
: >"$scratch/called"
event "$top" -e "${ends/_end/_abort}" -e 's/euser=root/euser=nobody/'
is "$(cat "$scratch/called")" "$(id -u nobody) clean --quiet --job=12_3_.ctl --dir=/dev/shm" "abort: ... as the job's user"
: >"$scratch/called"
event "$top" -e "$ends" -e '/dlfm\]/d'
is "$(cat "$scratch/called")" "" "end: nothing is done for a job without the option"
printf 'pbs.event().type=exechost_startup\npbs.event().hook_name=dlfm\n' >"$scratch/startup.in"
event "$scratch/startup.in"
is "$(cat "$scratch/called")" "0 clean --quiet --dir=/dev/shm" "exechost_startup: leftovers are swept"
event "$top" -e "$ends" -e 's/euser=root/euser=no-such-user/'
is "$(field outcome)" accept "end: a user that is unknown here rejects nothing"

done_testing
