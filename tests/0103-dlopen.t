#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0103-dlopen: dlopen in all its forms, dlmopen, and what was never recorded beside what was
. "$(dirname "$0")/dl-lib.sh"
need strace

export LD_LIBRARY_PATH=$sw/lib
lib "$sw/lib/libdep.so" 'int dep(void) { return 7; }'
lib "$sw/lib/libplug.so" 'int dep(void); static int n; int plug(void) { return dep() * 10 + ++n; }' -L"$sw/lib" -ldep
lib "$sw/lib/libasks.so" 'extern int offered(void) __attribute__((weak)); int asks(void) { return offered ? offered() : 0; }'
lib "$sw/lib/liboffers.so" 'int offered(void) { return 3; }'
lib "$sw/lib/libdeep.so" 'int offered(void) { return 4; } int asks_deep(void) { return offered(); }'
lib "$sw/lib/libundefined.so" 'int nowhere(void); int undefined(void) { return nowhere(); } int fine(void) { return 1; }'
mkdir -p "$sw/sub"
cp "$sw/lib/libdep.so" "$sw/sub/librelative.so"

# --- absolute, bare; LAZY, NOW, GLOBAL, LOCAL, NOLOAD, DEEPBIND; closed and opened again ---
prog "$sw/prog" "$show_code
int offered(void) { return 5; }
int main(void)
{
	void *a = try_open(\"libplug.so\", RTLD_LAZY | RTLD_NOLOAD), *b;
	a = try_open(\"libplug.so\", RTLD_LAZY | RTLD_LOCAL);
	b = try_open(\"$sw/lib/libplug.so\", RTLD_NOW);
	printf(\"the same: %d\n\", a == b);
	call(a, \"plug\"); call(b, \"plug\"); show();
	dlclose(a); dlclose(b); show();
	a = try_open(\"libplug.so\", RTLD_LAZY | RTLD_NOLOAD);
	a = try_open(\"$sw/lib/libplug.so\", RTLD_NOW); call(a, \"plug\"); show();
	b = try_open(\"libplug.so\", RTLD_LAZY | RTLD_NOLOAD);
	printf(\"the same: %d\n\", a == b);
	try_open(\"liboffers.so\", RTLD_NOW | RTLD_LOCAL);
	call(try_open(\"libasks.so\", RTLD_NOW), \"asks\");
	printf(\"global dep: %d\n\", dlsym(RTLD_DEFAULT, \"dep\") != NULL);
	try_open(\"libdep.so\", RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
	printf(\"global dep: %d\n\", dlsym(RTLD_DEFAULT, \"dep\") != NULL);
	call(try_open(\"libdeep.so\", RTLD_NOW | RTLD_DEEPBIND), \"asks_deep\");
	call(try_open(\"libundefined.so\", RTLD_LAZY), \"fine\");
	show();
	return 0;
}" -rdynamic
same_as_plain "dlopen" "$sw/prog"
same_as_plain "dlopen, LD_BIND_NOW" env LD_BIND_NOW=1 "$sw/prog"

# --- relative names: the working directory, the name as it was given ---
prog "$sw/relative" "$show_code
#include <unistd.h>
int main(void)
{
	if (chdir(\"$sw/sub\")) return 1;
	call(try_open(\"./librelative.so\", RTLD_NOW), \"dep\");
	show();
	if (chdir(\"$sw\")) return 1;
	call(try_open(\"sub/librelative.so\", RTLD_NOW), \"dep\");
	call(try_open(\"lib/../lib/libplug.so\", RTLD_NOW), \"plug\");
	try_open(\"./sub/libnone.so\", RTLD_NOW);
	try_open(\"\", RTLD_NOW);
	show();
	return 0;
}"
run "$sw/relative"; plain=$out
record "$sw/relative"; seal
traced "$sw/relative"
is "$out$err" "$plain" "relative names: replayed as plain"
is "$(software_calls | grep -v -e 'chdir(' -e getcwd)" "" "relative names: replay asks nothing of the software"
like "$plain" "object \./librelative.so origin $sw/sub/\. " "relative names: the object keeps the name it was opened by"

# --- $ORIGIN in a name, from a program and from a library ---
lib "$sw/lib/liborigin.so" '#include <dlfcn.h>
	void *open_origin(void) { return dlopen("$ORIGIN/../sub/librelative.so", RTLD_NOW); }'
prog "$sw/origin" "$show_code
int main(void)
{
	void *(*f)(void) = dlsym(try_open(\"liborigin.so\", RTLD_NOW), \"open_origin\");
	printf(\"%d\n\", f() != NULL);
	try_open(\"\$ORIGIN/lib/libplug.so\", RTLD_NOW);
	try_open(\"\${ORIGIN}/lib/libasks.so\", RTLD_NOW);
	show();
	return 0;
}"
same_as_plain "\$ORIGIN in names" "$sw/origin"

# --- what does not exist or is no library: the same words, for every kind of name ---
mkdir -p "$sw/lib/libdir.so"
: >"$sw/lib/libempty.so"
echo "INPUT(libdep.so)" >"$sw/lib/libscript.so"
head -c 40 "$sw/lib/libdep.so" >"$sw/lib/libshort.so"
$CC -m32 -xc -shared -nostdlib -o "$sw/lib/lib32.so" - <<<'int x;' 2>/dev/null || cp "$sw/lib/libdep.so" "$sw/lib/lib32.so" &&
	printf '\x01' | dd of="$sw/lib/lib32.so" bs=1 seek=4 conv=notrunc status=none
ln -s libdep.so "$sw/lib/libloop-ok.so"
ln -s libloop.so "$sw/lib/libloop.so"
ln -s missing.so "$sw/lib/libdangling.so"
prog "$sw/bad" "$show_code
int main(void)
{
	static const char *const names[] = {\"libnone.so\", \"libdir.so\", \"libempty.so\", \"libscript.so\", \"libshort.so\", \"lib32.so\",
		\"libloop-ok.so\", \"libloop.so\", \"libdangling.so\", \"libdep.so/x\"};
	char path[4096];
	for (unsigned i = 0; i < sizeof(names) / sizeof(*names); i++) {
		try_open(names[i], RTLD_NOW);
		snprintf(path, sizeof(path), \"$sw/lib/%s\", names[i]);
		try_open(path, RTLD_NOW);
		snprintf(path, sizeof(path), \"$sw/no/%s\", names[i]);
		try_open(path, RTLD_NOW);
	}
	return 0;
}"
run "$sw/bad"; plain=$out
record "$sw/bad"
is "$out" "$plain" "bad libraries: recorded as plain"
seal; replay "$sw/bad"
is "$out" "$plain" "bad libraries: replayed with the same words"
record LD_LIBRARY_PATH="$sw/none:$sw/lib/libdep.so:$sw/lib" "$sw/bad"; plain=$out
seal; replay LD_LIBRARY_PATH="$sw/none:$sw/lib/libdep.so:$sw/lib" "$sw/bad"
is "$out" "$plain" "bad libraries: ... also behind directories that are none"
rm -rf "$sw"/lib/lib{dir,empty,script,short,32,loop,loop-ok,dangling}.so

# --- a name that is searched for in vain asks nothing of the software, whatever the directories ---
prog "$sw/vain" "$show_code
int main(void) { for (int i = 0; i < 3; i++) try_open(\"libnowhere.so\", RTLD_NOW); return !try_open(\"libdep.so\", RTLD_NOW); }"
mkdir -p "$sw"/v{1..9}
same_as_plain "in vain" env LD_LIBRARY_PATH="$sw/v1:$sw/absent:$sw/v2:$sw/v3:$sw/v4:$sw/v5:$sw/v6/:$sw/v7:$sw/v8:$sw/v9:$sw/lib" \
	"$sw/vain"

# --- dlmopen: a namespace of its own has its own copies, but one ld.so ---
prog "$sw/namespaces" "$show_code
int main(void)
{
	void *a = dlmopen(LM_ID_NEWLM, \"$sw/lib/libplug.so\", RTLD_NOW), *b = try_open(\"$sw/lib/libplug.so\", RTLD_NOW), *c;
	Lmid_t id = 0;
	char origin[4096];
	struct link_map *m;
	if (!a) { puts(dlerror()); return 1; }
	dlinfo(a, RTLD_DI_LMID, &id);
	c = dlmopen(id, \"libplug.so\", RTLD_NOW);
	call(a, \"plug\"); call(a, \"plug\"); call(b, \"plug\"); call(c, \"plug\");
	printf(\"%d %d\n\", a == b, a == c);
	dlinfo(a, RTLD_DI_ORIGIN, origin); puts(origin);
	dlinfo(a, RTLD_DI_LINKMAP, &m);
	while (m->l_prev) m = m->l_prev;
	for (; m; m = m->l_next) puts(m->l_name);
	show();
	return 0;
}"
run "$sw/namespaces"; plain=$out
record "$sw/namespaces"
is "$out$err" "$plain" "dlmopen: recorded as plain"
seal
traced "$sw/namespaces"
is "$out$err" "$plain" "dlmopen: replayed as plain"
like "$plain" "71.*72.*71.*73" "dlmopen: two namespaces, two counters"
# ld.so asks no auditor about an absolute name for a namespace (its loader is NULL in _dl_map_object): that one is opened
# where it is, and so is every other request for the same library, or it would be mapped twice.
is "$(software_calls | grep -v libplug.so)" "" "dlmopen: replay asks for nothing else but the library that it opens by an absolute name"

# --- a library that was never recorded, beside the recorded ones; and a recorded one by a link that was not ---
mkdir -p "$scratch/other"
cp "$sw/lib/libdep.so" "$scratch/other/libnever.so"
ln -s "$sw/lib" "$scratch/other/link"
prog "$sw/beside" "$show_code
int main(void)
{
	void *a = try_open(\"libplug.so\", RTLD_NOW), *b = try_open(\"$scratch/other/link/libplug.so\", RTLD_NOW);
	void *c = try_open(\"$scratch/other/link/libasks.so\", RTLD_NOW), *d = try_open(\"libasks.so\", RTLD_NOW);
	call(try_open(\"$scratch/other/libnever.so\", RTLD_NOW), \"dep\");
	printf(\"the same: %d %d\n\", a == b, c == d);
	show();
	return 0;
}"
record "$sw/prog"
seal
run "$sw/beside"; plain=$out
replay "$sw/beside"
is "$out$err" "$plain" "beside: replayed as plain"
like "$out" "the same: 1 1" "beside: a recorded library is mapped once, by whatever name"
is "$(records | awk -F'\t' '/SEARCH|TRY/ && /other/ { print $7 }')" "$scratch/other/libnever.so" \
	"beside: the journal of the replay names what was not in the image, and no other"

# --- a loaded object is found by every name by which it was asked for: whoever asks, wherever the process is -----------
rm -f "$journals"/*
lib "$sw/names/libn.so" 'int n(void) { return 1; }'
lib "$sw/names2/libn.so" 'int n(void) { return 2; }'
lib "$sw/names/liba.so" 'int n(void); int a(void) { return n(); }' -L"$sw/names" -l:libn.so -Wl,-rpath,"$sw/names"
lib "$sw/names/libb.so" 'int n(void); int b(void) { return n(); }' -L"$sw/names2" -l:libn.so -Wl,-rpath,"$sw/names2"
prog "$sw/named" "$show_code
#include <unistd.h>
int main(void)
{
	void *first = try_open(\"$sw/names/libn.so\", RTLD_NOW);
	if (chdir(\"$sw/names\")) return 9;
	printf(\"the same: %d\n\", try_open(\"./libn.so\", RTLD_NOW) == first);
	call(try_open(\"$sw/names/liba.so\", RTLD_NOW), \"a\"); /* needs libn.so, and finds this one */
	if (chdir(\"$sw/names2\")) return 9;
	printf(\"the same: %d\n\", try_open(\"./libn.so\", RTLD_NOW) == first);
	call(try_open(\"$sw/names/libb.so\", RTLD_NOW), \"b\"); /* ... so that this takes no other one */
	show();
	return 0;
}"
run "$sw/named"; plain=$out
like "$plain" "the same: 1.*a\(\) = 1.*the same: 1.*b\(\) = 1" "names: ld.so keeps them"
record "$sw/named"
seal
replay "$sw/named"
is "$out$err" "$plain" "names: replayed as plain"

# --- ... also when versions of its symbols are looked up by that name -----------------------------------------------------
rm -f "$journals"/*
echo 'V1 { global: v; };' >"$scratch/map"
lib "$sw/versions/libv.so" 'int v(void) { return 5; }' -Wl,--version-script="$scratch/map"
lib "$sw/versions/libuser.so" 'int v(void); int user(void) { return v(); }' -L"$sw/versions" -l:libv.so -Wl,-rpath,"$sw/versions"
prog "$sw/versioned" "$show_code
int main(void)
{
	try_open(\"$sw/versions/libv.so\", RTLD_NOW);
	call(try_open(\"$sw/versions/libuser.so\", RTLD_NOW), \"user\");
	call(try_open(\"libv.so\", RTLD_NOW), \"v\");
	show();
	return 0;
}"
run "$sw/versioned"; plain=$out
like "$plain" "user\(\) = 5" "versions of a loaded object: plain"
record "$sw/versioned"
seal
replay "$sw/versioned"
is "$out$err" "$plain" "versions of a loaded object: replayed as plain"
done_testing
