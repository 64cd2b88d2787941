#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0373-completion: bash and zsh complete dlfm's command lines, by scripts that are made from its option tables
# time-limit: 90
. "$(dirname "$0")/lib.sh"
need_part tools

cd "$scratch" || bail_out "no scratch directory"
mkdir -p dir/sub zsh
touch cache.dat 'with space.dat' dir/file
ok "the script for bash" sh -c 'dlfm completion bash >dlfm.bash'
ok "the script for zsh" sh -c 'dlfm completion zsh >zsh/_dlfm'
run dlfm completion fish
is "$rc" 125 "another shell"
like "$err" "^dlfm: fish: there is no completion for this shell; name bash or zsh" "... says which there are"
unlike "$(dlfm --help)" "completion" "the subcommand is for the build only"

# --- bash: every word of the line, the last one is completed ------------------------------------------------------------
complete_bash() { # complete_bash WORD...
	run env -i PATH="$PATH" bash --norc -c '
		. ./dlfm.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_dlfm 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd" "' complete "$@"
}
completes() { # completes WANT WORD...
	local want=$1
	shift
	complete_bash "$@"
	is "$out" "$want" "bash: ${*}"
}
if [ -n "$(bash -c 'compgen -W "one two" -- o' 2>/dev/null)" ]; then
	complete_bash dlfm ""
	for c in $(dlfm --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		[[ " $out " == *" $c "* ]] || fail "bash: dlfm $c"
	done
	pass "bash: all subcommands that the help lists"
	completes "record refresh replay" dlfm re
	completes "--json" dlfm info --j
	completes "--stale=" dlfm replay --st
	completes "drop fail refresh" dlfm replay --stale =
	completes "refresh" dlfm replay --stale = re
	completes "refresh" dlfm replay --stale re
	completes "--stale=refresh" dlfm replay --stale=re
	completes "dir" dlfm clean -d di
	completes "cache.dat" dlfm info ca
	completes "with space.dat" dlfm info wi
	completes "directory file kind" dlfm top --by = ""
	completes "" dlfm top --depth ""
	completes "cache.dat" dlfm replay --stale = drop ca
	mkdir bin && touch bin/only-command && chmod 755 bin/only-command
	PATH=$scratch/bin:$PATH completes "only-command" dlfm replay --stale = drop cache.dat only-c
	PATH=$scratch/bin:$PATH completes "only-command" dlfm record -o x -- only-c
	completes "cache.dat" dlfm record -o x -- ls ca
	completes "explain extract" dlfm help ex
	# every option of every table: what the help lists is what is completed
	for c in $(dlfm --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
		complete_bash dlfm "$c" --
		want=$(dlfm "$c" --help | sed '1,/^Options:/d; /^$/,$d' | sed -n 's/^  \(-[a-zA-Z],\|   \) --\([a-z-]*\).*/--\2/p' | sort | paste -sd' ')
		[ "$(sed 's/=//g' <<<"$out")" = "$want" ] || fail "bash: options of $c" "$out" "$want"
	done
	pass "bash: the options of every subcommand are those of its help"
else
	skip "this bash cannot complete"
fi

# --- the same in a terminal; a key prints the line that came of it ------------------------------------------------------
cat >complete.py <<'END'
import os, pty, sys

pid, fd = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])


def read_until(mark):
    text = b""
    while mark not in text:
        text += os.read(fd, 4096)
    return text


os.write(fd, b"""PS1= PS2=; bind 'set enable-bracketed-paste off'; . ./dlfm.bash
tell() { printf '<LINE:%s|END>' "$READLINE_LINE"; READLINE_LINE=; READLINE_POINT=0; }; bind -x '"\\C-t": tell'; echo READY""NOW
""")
read_until(b"READYNOW")
for line in sys.argv[1:]:
    os.write(fd, line.encode() + b"\t\x14")
    print(read_until(b"|END>").split(b"<LINE:")[-1].split(b"|END>")[0].decode())
END
if [ -n "$PYTHON" ] && [ -n "$(bash -c 'compgen -W "one two" -- o' 2>/dev/null)" ]; then
	bash_lines=("dlfm rec" "dlfm replay --sta" "dlfm replay --stale=re" "dlfm info cach" "dlfm clean -d di" "dlfm help expl")
	bash_wants=("dlfm record " "dlfm replay --stale=" "dlfm replay --stale=refresh " "dlfm info cache.dat " "dlfm clean -d dir/" "dlfm help explain ")
	run env -i PATH="$PATH" HOME="$scratch" TERM=dumb LC_ALL=C "$PYTHON" complete.py "${bash_lines[@]}"
	readarray -t lines <<<"$out"
	for i in "${!bash_lines[@]}"; do
		is "${lines[i]:-}" "${bash_wants[i]}" "bash in a terminal: ${bash_lines[i]}" || diag "$err"
	done
else
	skip "no python3, or this bash cannot complete" "bash in a terminal"
fi

# --- zsh: in a terminal; a key prints the line that came of it ----------------------------------------------------------
cat >complete.zsh <<'END'
zmodload zsh/zpty
zpty shell "TERM=dumb zsh -f -i"
zpty -w shell "PS1= PS2= PROMPT_EOL_MARK=; unsetopt zle_bracketed_paste 2>/dev/null; fpath=($PWD/zsh \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell 'tell() { print -r -- "<LINE:$BUFFER>"; BUFFER=; }; zle -N tell; bindkey "^X" tell; LISTMAX=1000; print READY""NOW'
zpty -r shell text '*READYNOW*'
for line; do
	zpty -w -n shell "$line"$'\t\x18'
	zpty -r shell text '*<LINE:*>*'
	text=${text##*<LINE:}
	print -r -- "${text%%>*}"
done
zpty -d shell
END
zsh_lines=() zsh_wants=()
zsh_completes() { # zsh_completes LINE WANT
	zsh_lines+=("$1")
	zsh_wants+=("$2")
}
if command -v zsh >/dev/null && zsh -f -c 'zmodload zsh/zpty' 2>/dev/null; then
	zsh_completes "dlfm rec" "dlfm record "
	zsh_completes "dlfm replay --sta" "dlfm replay --stale="
	zsh_completes "dlfm replay --stale=re" "dlfm replay --stale=refresh "
	zsh_completes "dlfm info cach" "dlfm info cache.dat "
	zsh_completes "dlfm clean -d di" "dlfm clean -d dir/"
	zsh_completes "dlfm help expl" "dlfm help explain "
	zsh_completes "dlfm record -o x only-c" "dlfm record -o x only-command "
	zsh_completes "dlfm replay cache.dat only-c" "dlfm replay cache.dat only-command "
	mkdir -p bin && touch bin/only-command && chmod 755 bin/only-command
	run env -u ZDOTDIR HOME="$scratch" PATH="$scratch/bin:$PATH" zsh -f complete.zsh "${zsh_lines[@]}"
	readarray -t lines <<<"$out"
	for i in "${!zsh_lines[@]}"; do
		is "${lines[i]:-}" "${zsh_wants[i]}" "zsh: ${zsh_lines[i]}" || diag "$err"
	done
else
	skip "zsh is not installed" "zsh"
fi
done_testing
