#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0702-pbs-setup: the commands that dlfm-pbs-setup and dlfm-pbs-remove give to qmgr, which is a stand-in here
. "$(dirname "$0")/lib.sh"
need_part pbs

mkdir -p "$scratch/share" "$scratch/sbin"
touch "$scratch/share/dlfm_hook.py"
for s in setup remove; do
	sed -e "s|@pbshookdir@|$scratch/share|; s|@sbindir@|$scratch/sbin|" "$top_srcdir/pbs-hook/dlfm-pbs-$s.in" \
		>"$scratch/sbin/dlfm-pbs-$s"
done
chmod 755 "$scratch/sbin"/*
# It knows what was created and deleted, as the server does.
cat >"$scratch/qmgr" <<E
#!/bin/bash
cd "$scratch"
case \$2 in
"list hook dlfm") [ -e has-hook ] ;;
"list resource dlfm") [ -e has-resource ] ;;
*)
	echo "\$2" >>asked
	case \$2 in
	"create hook"*) touch has-hook ;;
	"create resource"*) touch has-resource ;;
	"delete hook"*) rm has-hook ;;
	"delete resource"*) rm has-resource ;;
	esac
	[ ! -e refuse ]
	;;
esac
E
chmod 755 "$scratch/qmgr"
export QMGR=$scratch/qmgr

ok "setup succeeds" "$scratch/sbin/dlfm-pbs-setup"
is "$(cat "$scratch/asked")" "create resource dlfm type=string,flag=m
create hook dlfm
set hook dlfm enabled = false
set hook dlfm event = 'queuejob,modifyjob,execjob_launch,execjob_end,execjob_abort,exechost_startup'
set hook dlfm fail_action = none
set hook dlfm alarm = 45
import hook dlfm application/x-python default $scratch/share/dlfm_hook.py
import hook dlfm application/x-config default $scratch/share/dlfm_hook.json" "it makes the resource and the hook, disabled"
like "$out" "enabled = true" "... and says how to switch it on"
guide() { # guide FIRST: the commands of the administrator's guide from FIRST to the end of their block
	sed -n "/^[$] qmgr -c \"$1/,/^\`\`\`/s/^[$] qmgr -c \"\(.*\)\"\$/\1/p" "$top_srcdir/doc/admin-guide.md"
}
is "$(guide "create resource" | sed "s|PREFIX/share/dlfm/pbs|$scratch/share|; \$d")" "$(cat "$scratch/asked")" \
	"the administrator's guide has the same commands"
is "$(guide "create resource" | tail -n 1)" "set hook dlfm enabled = true" "... and switches it on at last"
rm "$scratch/asked"
ok "setup again succeeds" "$scratch/sbin/dlfm-pbs-setup" --enable
unlike "$(cat "$scratch/asked")" "create|x-config|enabled = false" "... keeps the resource, the site's configuration, and what is enabled"
like "$(cat "$scratch/asked")" "x-python" "... takes the new hook in"
rm "$scratch/asked"
ok "remove succeeds" "$scratch/sbin/dlfm-pbs-remove"
is "$(cat "$scratch/asked")" "delete hook dlfm
delete resource dlfm" "it deletes both"
is "$(guide "delete hook")" "$(cat "$scratch/asked")" "... as the administrator's guide does"
rm "$scratch/asked"
ok "remove again succeeds" "$scratch/sbin/dlfm-pbs-remove"
is "$(cat "$scratch/asked" 2>/dev/null)" "" "... and has nothing to do"
touch "$scratch/refuse"
not_ok "a command that qmgr refuses ends it" "$scratch/sbin/dlfm-pbs-setup"
like "$err" "PBS manager" "... with what to check"
rm -f "$scratch/asked"
run "$scratch/sbin/dlfm-pbs-setup" --dry-run
is "$(cat "$scratch/asked" 2>/dev/null)" "" "--dry-run asks qmgr nothing"
like "$out" "create hook dlfm" "... and prints the commands"
like "$out" "Nothing was done.*enabled = true" "... and does not say that it was done"
run "$scratch/sbin/dlfm-pbs-setup" --wrong
is "$rc" 2 "a wrong option is refused"
done_testing
