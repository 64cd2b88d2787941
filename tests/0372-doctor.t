#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0372-doctor: dlfm doctor finds what is wrong with a node or a site, says what to do, and is content where all is well
# time-limit: 120
. "$(dirname "$0")/lib.sh"
need_part dl fm tools
need "$CC"
need_python
need_root
unshare -m true 2>/dev/null || skip_all "no permission to make mount namespaces"

cd "$scratch" || bail_out "no scratch directory"
unset LD_AUDIT LD_PRELOAD DLFM_DISABLE TMPDIR SLURM_CONF APPTAINER_CONTAINER SINGULARITY_CONTAINER
shm="mount -t tmpfs -o mode=1777,size=1g doctor /dev/shm"

# doctor SETUP [ARGUMENT...]: in a mount namespace of its own, after SETUP; $out, $rc. No batch system but what is in bin/.
mkdir bin
for c in sh cat true mount mkdir env; do ln -s "$(type -P $c)" bin/; done
ln -s "$(command -v dlfm)" bin/
doctor() {
	local setup=$1
	shift
	run unshare -m env PATH="$scratch/bin" sh -c "$setup"' && exec dlfm doctor "$@"' doctor "$@"
}
finds() { # finds LEVEL WHAT WORDS NAME
	like $'\n'"$out" $'\n'"$1 +$2: [^"$'\n'"]*$3" "$4"
}

# --- all is well ------------------------------------------------------------------------------------------------------
doctor "$shm"
is "$rc" 0 "a healthy node" || diag "$out" "$err"
unlike "$out" "(^|"$'\n'")fail" "... nothing fails"
finds ok "glibc" "[0-9]" "glibc"
finds ok "dlfm-audit.so" "version" "the objects, their versions"
finds ok "layer dl" "ld.so loads dlfm-audit.so into a program" "the layer dl has an effect"
finds ok "layer fm" "ld.so loads libdlfm.so into a program" "... and the layer fm"
finds ok "node memory" "images go to /dev/shm: 1024 MiB free" "node memory"
finds ok "self-test" "the same output, [1-9][0-9]* lookups from memory" "the self-test"
finds skip "Slurm" "" "no Slurm"
finds skip "PBS" "" "no PBS"
doctor "$shm" --json
is "$("$PYTHON" -c 'import json, sys; d = json.loads(sys.argv[1]); print(d["schema"], d["healthy"], all(set(c) >= {"level", "what", "why"} for c in d["checks"]))' "$out")" \
	"dlfm.doctor/1 True True" "--json"
doctor "$shm" --quiet
unlike "$out" "(^|"$'\n'")ok" "--quiet"
run unshare -m sh -c "$shm && mount -t tmpfs own /var/tmp && dlfm doctor >/dev/null; find /dev/shm /var/tmp -mindepth 1"
is "$out$err" "" "nothing is left behind"

# --- node memory ------------------------------------------------------------------------------------------------------
noexec="mount -t tmpfs -o mode=1777,noexec doctor /dev/shm" small="mount -t tmpfs -o mode=1777,size=1m doctor /dev/shm"
tmp="mount -t tmpfs -o mode=1777,size=1g doctor /tmp"
doctor "$noexec && $tmp"
is "$rc" 0 "noexec /dev/shm: a warning"
finds warn "node memory" "/dev/shm is mounted noexec.*; remount it" "... with what to do"
finds ok "node memory" "images go to /tmp" "... and where images go instead"
doctor "$small && $tmp"
finds warn "node memory" "/dev/shm has [01] MiB free, the image needs up to" "a /dev/shm of 1 MiB"
doctor "$noexec && mount -t tmpfs -o mode=1777,size=1m doctor /tmp"
is "$rc" 1 "no directory will do: a failure"
finds fail "node memory" "no directory will do .*jobs run without DLFM; make room" "... that says what it means"
mkdir mine
doctor "$small && mount -t tmpfs -o size=1g doctor $scratch/mine" -d "$scratch/mine"
finds ok "node memory" "images go to $scratch/mine" "-d"
doctor "$shm && mkdir -m 777 /dev/shm/dlfm-0"
finds warn "node memory" "/dev/shm/dlfm-0 is open to others" "a store that others can write"
echo 'x = 1' >m.py
ok "a cache" dlfm record -q --scope=all --include="$scratch/m.py" --exclude='/usr*' --exclude='/lib*' --exclude='/etc*' -o cache.dat -- cat m.py
doctor "mount -t tmpfs -o mode=1777,size=16m doctor /dev/shm && $tmp" cache.dat
finds ok "node memory" "images go to /dev/shm" "with a cache: room for that one"
doctor "$shm" none.dat
finds fail "cache" "none.dat: there is no such file" "a cache that is not there"

# --- the injected objects ---------------------------------------------------------------------------------------------
version=$(dlfm --version) && version=${version#dlfm }
exact=${version//+/\\+}
libdir() { # libdir: $scratch/lib is a copy of the objects
	rm -rf lib && mkdir lib && cp "$DLFM_LIBDIR"/*.so lib/
}
libdir
other=$(sed 's/./9/g' <<<"$version")
LC_ALL=C sed -i "s/$version/$other/" lib/libdlfm.so
DLFM_LIBDIR=$scratch/lib doctor "$shm"
finds fail "libdlfm.so" "is of DLFM $other, this dlfm is $exact; reinstall" "an object of another version"
is "$rc" 1 "... is a failure"
rm lib/libdlfm.so
DLFM_LIBDIR=$scratch/lib doctor "$shm"
finds warn "libdlfm.so" "lib/libdlfm.so is not there; reinstall DLFM, or set DLFM_LIBDIR" "an object is missing"
rm lib/*
DLFM_LIBDIR=$scratch/lib doctor "$shm"
finds fail "dlfm-audit.so" "is not there" "both are missing"
finds fail "self-test" "recording a program fails" "... so the self-test fails"
libdir
"$CC" -shared -fPIC -I"$top_builddir" -I"$top_srcdir" -o lib/dlfm-audit.so "$top_srcdir/libdlfm/version.c"
DLFM_LIBDIR=$scratch/lib doctor "$shm"
finds fail "layer dl" "dlfm-audit.so has no effect in the program" "an auditor that ld.so does not take"
echo >lib/dlfm-audit.so
DLFM_LIBDIR=$scratch/lib doctor "$shm"
finds fail "dlfm-audit.so" "does not say its version" "a file that is no object"
printf '#!/bin/sh\necho dlfm-stage 0.0\n' >bin/dlfm-stage && chmod 755 bin/dlfm-stage
doctor "$shm"
finds fail "dlfm-stage" "it is dlfm-stage 0.0, this dlfm is $exact" "the staging helper of another version"
rm bin/dlfm-stage

# --- what the user set -------------------------------------------------------------------------------------------------
DLFM_DISABLE=1 doctor "$shm"
finds warn "environment" "DLFM_DISABLE is set.*; unset it" "DLFM_DISABLE"
finds ok "layer dl" "" "... the layers are tried all the same"
finds ok "self-test" "" "... and so is the self-test"

# --- Slurm: commands that answer as its own do --------------------------------------------------------------------------
mkdir -p slurm/plugins slurm/conf.d prefix/bin
plugin() { # plugin NUMBER: one that was built for this release
	echo "const unsigned int plugin_version = $1;" >plugin.c
	"$CC" -shared -fPIC -o slurm/plugins/dlfm.so plugin.c
}
scontrol() { # scontrol LINE...: what "scontrol show config" says
	{
		printf '#!/bin/sh\n'
		printf 'echo "%s"\n' "$@"
	} >bin/scontrol
	chmod 755 bin/scontrol
}
scontrol "Configuration data as of 2026-11-21T10:00:00" "JobContainerType        = job_container/tmpfs" \
	"PlugStackConfig         = $scratch/slurm/plugstack.conf" "PluginDir               = $scratch/none:$scratch/slurm/plugins" \
	"SLURM_VERSION           = 22.05.8"
printf '#!/bin/sh\necho "MPI plugin types are..."\ncat %s/mpi\n' "$scratch" >bin/srun
chmod 755 bin/srun
echo pmix_v4 >mpi
plugin 0x160508
printf '# comment\ninclude conf.d/*.conf\n' >slurm/plugstack.conf
echo "optional dlfm.so prefix=$scratch/prefix stage_dirs=/dev/shm:$scratch/prefix # here" >slurm/conf.d/dlfm.conf
ln -s "$(type -P true)" prefix/bin/dlfm-stage
doctor "$shm"
is "$rc" 0 "Slurm, all is well" || diag "$out"
finds ok "Slurm plugin" "$scratch/slurm/plugins/dlfm.so, for Slurm 22.05; optional in $scratch/slurm/conf.d/dlfm.conf" "the plugin, by an include and PluginDir"
finds ok "PMIx" "" "Slurm's pmix plugin"
finds ok "job_container" "each job may have a /dev/shm" "job_container"
sed -i "s|stage_dirs=[^ ]*|stage_dirs=/dev/shm:/tmp|" slurm/conf.d/dlfm.conf
doctor "$shm"
finds warn "job_container" "each job may have a /dev/shm.*refused; to record, add a directory that all jobs share to stage_dirs=" \
	"... with all staging directories the job's own: a record would be lost"
sed -i "s|stage_dirs=[^ ]*|stage_dirs=/dev/shm:$scratch/prefix|" slurm/conf.d/dlfm.conf
doctor "$small"
finds "(ok|warn)" "node memory" "images go to $scratch/prefix" "the plugin's stage_dirs are those that are checked"
echo none >mpi
plugin 0x170b01
doctor "$shm"
finds warn "PMIx" "sbcast.*; install Slurm's pmix plugin" "no PMIx"
finds fail "Slurm plugin" "was built for Slurm 23.11, this is 22.05: Slurm does not load it; build" "a plugin of another release"
rm prefix/bin/dlfm-stage slurm/plugins/dlfm.so
doctor "$shm"
finds fail "Slurm plugin" "conf.d/dlfm.conf names .*dlfm.so, which is not there" "the plugin is missing"
echo x >slurm/plugins/dlfm.so
doctor "$shm"
finds fail "Slurm plugin" "is not a plugin of Slurm" "a file that is no plugin"
finds fail "Slurm plugin" "prefix=$scratch/prefix, but $scratch/prefix/bin/dlfm-stage is not there; install DLFM there" "no DLFM below prefix="
echo "required /usr/lib/slurm/spank_pyxis.so" >slurm/conf.d/pyxis.conf
mkdir -p enroot/mounts.d
export ENROOT_SYSCONF_PATH=$scratch/enroot
printf '/proc /proc none x-create=dir,rbind\n/dev/shm /dev/shm none x-create=dir,bind,rw,noexec\n' >enroot/mounts.d/10-system.fstab
doctor "$shm"
finds warn "pyxis" "10-system.fstab mounts /dev/shm noexec in containers.*without DLFM; mount it once more without noexec" "pyxis, with enroot's own mounts"
echo '/dev/shm /dev/shm none x-create=dir,bind,rw' >enroot/mounts.d/20-dlfm.fstab
doctor "$shm"
finds ok "pyxis" "see the node's /dev/shm" "... with a mount that lets libraries be mapped"
rm -r enroot slurm/conf.d/pyxis.conf
unset ENROOT_SYSCONF_PATH
rm slurm/conf.d/dlfm.conf
doctor "$shm"
finds warn "Slurm plugin" "do not name dlfm.so: srun has no option --dlfm; include DLFM's snippet" "the plugin is not configured"
printf '#!/bin/sh\necho no controller >&2\nexit 1\n' >bin/scontrol
doctor "$shm"
finds warn "Slurm" "scontrol show config fails: no controller; run dlfm doctor where" "Slurm does not answer"
rm bin/scontrol bin/srun
built=$top_builddir/spank-plugin/dlfm.so
if have_part slurm && [ -e "$built" ]; then
	release=$(slurmd -V 2>/dev/null || /usr/sbin/slurmd -V 2>/dev/null)
	scontrol "PlugStackConfig = $scratch/real.conf" "SLURM_VERSION = ${release##* }"
	echo "required $built" >real.conf
	doctor "$shm"
	finds ok "Slurm plugin" "$built, for Slurm [0-9.]+; required in" "the plugin that was built here"
	rm bin/scontrol
fi

# --- PBS --------------------------------------------------------------------------------------------------------------
cat >bin/qmgr <<END
#!/bin/sh
case \$2 in
*resource*) [ -e "$scratch/resource" ] || { echo "qmgr: Unknown resource" >&2; exit 1; } ;;
*hook*) [ -e "$scratch/hook" ] || { echo "qmgr: no such hook" >&2; exit 1; }; cat "$scratch/hook" ;;
esac
END
chmod 755 bin/qmgr
doctor "$shm"
finds warn "PBS" "the resource dlfm is not defined.*; run dlfm-pbs-setup" "PBS without the resource"
touch resource
doctor "$shm"
finds fail "PBS" "there is no hook dlfm" "... without the hook"
echo '    enabled = false' >hook
doctor "$shm"
finds fail "PBS" "switched off.*; qmgr -c" "... with the hook switched off"
echo '    enabled = True' >hook
doctor "$shm"
finds ok "PBS" "the hook is enabled" "... set up"
rm bin/qmgr

# --- containers -------------------------------------------------------------------------------------------------------
ln -s "$(type -P true)" bin/apptainer
if [ -d /usr/local/etc ]; then
	mkdir -p conf/apptainer && echo 'mount dev = yes' >conf/apptainer/apptainer.conf
	conf="mount --bind $scratch/conf /usr/local/etc"
	doctor "$shm && $conf"
	finds ok "Apptainer" "share the node's /dev/shm" "Apptainer"
	echo 'mount dev = minimal' >conf/apptainer/apptainer.conf
	doctor "$shm && $conf"
	finds warn "Apptainer" "mount dev = minimal.*; start containers with --bind /dev/shm" "... whose containers have a /dev/shm of their own"
else
	skip "no /usr/local/etc to mount on" "Apptainer"
fi
APPTAINER_CONTAINER=x DLFM_WITHIN=$scratch/none doctor "$shm"
finds warn "container" "does not see the image of the replay outside, $scratch/none.*; record and replay inside" "inside a container, without the image"
mkdir -p image && touch image/index
APPTAINER_CONTAINER=x DLFM_WITHIN=$scratch/image doctor "$shm"
finds warn "container" "sees the image of the replay outside.*nothing that it knows is the same here" "... with it, and under another root"
staged=$(dlfm stage -d "$scratch/mine" cache.dat)
APPTAINER_CONTAINER=x DLFM_WITHIN=$staged doctor "$shm"
finds ok "container" "with the root directory of the node: .*$staged, is used" "... with it, and under the same root"
APPTAINER_CONTAINER=x DLFM_WITHIN=$staged doctor "$shm && mount --bind $scratch/mine $scratch/mine && mount -o remount,bind,noexec $scratch/mine"
finds warn "container" "sees the image of the replay outside, $staged, on a noexec mount.*without DLFM; record and replay inside" "... with it, where no library can be mapped"
mkdir apps
mount -t tmpfs -o size=1m apps apps && unmount_on_exit "$scratch/apps"
echo 'x = 1' >apps/m.py
ok "a cache of what lies on another mount" dlfm record -q --scope=all --include="$scratch/apps/m.py" -o apps.dat -- cat apps/m.py
staged=$(dlfm stage -d "$scratch/mine" apps.dat)
rm bin/apptainer
DLFM_WITHIN=$staged doctor "$shm && mkdir /dev/shm/root && export PATH=$PATH && for d in /*; do
	if [ -L \$d ]; then cp -P \$d /dev/shm/root/; elif [ -d \$d ]; then mkdir /dev/shm/root\$d && mount --rbind \$d /dev/shm/root\$d; fi || exit 9
	done && exec chroot /dev/shm/root dlfm doctor"
finds ok "container" "$staged, answers for what both have in common \\($scratch/apps \.\.\.\\)" "under another root, with a common mount"
done_testing
