#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0100-auditor-elf: dlfm-audit.so is freestanding: nothing that makes ld.so load, resolve or run anything for it
. "$(dirname "$0")/lib.sh"
need_part dl
need readelf nm

so=$DLFM_LIBDIR/dlfm-audit.so
dynamic=$(readelf -dW "$so")
segments=$(readelf -lW "$so")
relocations=$(readelf -rW "$so")

unlike "$dynamic" "\(NEEDED\)" "no DT_NEEDED"
unlike "$dynamic" "\((RPATH|RUNPATH|TEXTREL)\)" "no search path and no text relocation"
like "$dynamic" "BIND_NOW" "nothing is bound lazily"
is "$(nm -D --undefined-only "$so")" "" "no undefined symbol"
is "$(nm -D --defined-only "$so" | awk '{ print $3 }' | grep -v '^la_' )" "" "only la_* is exported"
for f in la_version la_objsearch la_objopen; do
	like "$(nm -D --defined-only "$so")" "T $f" "$f is exported"
done
unlike "$(nm -D --defined-only "$so")" "la_(sym|.*plt)" "no hook of symbol binding or calls"
unlike "$segments" "TLS" "no thread-local data"
unlike "$relocations" "IRELATIV" "no indirect function"
like "$segments" "GNU_RELRO" "RELRO"
is "$(awk '/GNU_STACK/ { print $7 }' <<<"$segments")" "RW" "the stack is not executable"
unlike "$segments" "RWE" "no segment is writable and executable"
is "$(awk '/R_/ && !/RELATIV/' <<<"$relocations")" "" "relative relocations only"
done_testing
