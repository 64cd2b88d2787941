/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What modules and installations of languages other than Python look like. Names only: a suffix that files of data have,
 * too (.rds, .json), or a directory that anybody may have (perl/, lua/), is not here.
 */
#include "config.h"

#include <ctype.h>
#include <string.h>

#include "cache-tools/pack-private.h"

static int ends_with(const char *text, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n >= m && memcmp(text + n - m, end, m) == 0;
}

int dlfm_pack_is_module(const char *name)
{
	static const char *const suffixes[] = {
		".pm",	".pl",	".ph",	    ".al",  ".ix", /* Perl; autosplit functions */
		".lua", ".rb",	".gemspec",		   /* Lua, Ruby */
		".R",	".rdb", ".rdx",		   /* R: lazily loaded objects and their index */
		".tcl", ".tm",	".scm",	    ".go", /* Tcl, Guile */
		".jl",	".ji",	".js",	    ".mjs", ".cjs", NULL, /* Julia, Node.js */
	};
	size_t n = strlen(name), i;

	for (i = 0; suffixes[i]; i++)
		if (ends_with(name, n, suffixes[i]))
			return 1;
	return strcmp(name, "tclIndex") == 0;
}

/* ".../lua/5.4", given "5.4" and how much of the path stands before it */
static int is_lua_dir(const char *name, size_t len, size_t before)
{
	return len == 3 && name[0] == '5' && name[1] == '.' && isdigit((unsigned char)name[2]) &&
	       before >= 5 && memcmp(name - 5, "/lua/", 5) == 0;
}

int dlfm_pack_is_module_dir(const char *path, const char *name, size_t len)
{
	static const char *const names[] = {
		"perl5",     "site_perl",   "vendor_perl",  "gems",	    "rubygems-integration",
		"site_ruby", "vendor_ruby", "node_modules", "site-library", NULL,
	};
	size_t i;

	for (i = 0; names[i]; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return 1;
	return is_lua_dir(name, len, (size_t)(name - path));
}

const char *const dlfm_pack_package_files[] = {
	"__init__.py",	    "__init__.pyc", "__pycache__/__init__.pyc",
	"Meta/package.rds", /* R */
	"R/base.rdb",	    /* R's own package, which is loaded before there are packages */
	"pkgIndex.tcl",	    "tclIndex",	    NULL,
};
