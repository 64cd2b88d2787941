/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What goes into a cache, as far as a site or a user wants it otherwise: a JSON file.
 *
 *	{ "scope": "shared" | "all",
 *	  "include": [PATTERN...],            in the cache whatever scope and the code rule say
 *	  "exclude": [PATTERN...],            never; stronger than include
 *	  "code_suffixes": [".R", ...],       more kinds of code files
 *	  "shared_file_systems": [TYPE...],   names as in /proc/mounts: counted as shared ...
 *	  "local_file_systems": [TYPE...],    ... or as a node's own
 *	  "max_code_size": BYTES,             larger files are not stored
 *	  "max_data_size": BYTES }            the same for data of Python packages
 *
 * A pattern is that of fnmatch(3): it matches a path or a directory above it; "*" matches "/" too.
 */
#ifndef DLFM_POLICY_H
#define DLFM_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "cache-tools/error.h"
#include "cache-tools/job-option.h"
#include "cache-tools/left-out.h"

struct dlfm_patterns {
	char **items;
	size_t n;
};

struct dlfm_policy {
	enum dlfm_scope scope; /* never DLFM_SCOPE_DEFAULT */
	struct dlfm_patterns include, exclude, code_suffixes, shared_types, local_types;
	uint64_t max_code_size, max_data_size;
};

/* The policy without a file. */
void dlfm_policy_default(struct dlfm_policy *p);
/* Reads a file over *p. -1 with a text that names file and key; *p is to be freed in any case. */
int dlfm_policy_read(struct dlfm_policy *p, const char *name, struct dlfm_error *e);
/* Adds one pattern (an option's). 0, or -1: no memory. */
int dlfm_patterns_add(struct dlfm_patterns *p, const char *text);
/* Does one of the patterns match the path or a directory above it? */
int dlfm_patterns_match(const struct dlfm_patterns *p, const char *path);
/* Is the text one of them? */
int dlfm_patterns_have(const struct dlfm_patterns *p, const char *text);
/*
 * What keeps a path out of a cache, wherever it lies: the kernel's own file systems; a pattern; and, unless a pattern
 * includes them, directories of short-lived files. DLFM_NOT_LEFT_OUT: nothing does.
 */
enum dlfm_left_out dlfm_policy_forbids(const struct dlfm_policy *p, const char *path);
void dlfm_patterns_free(struct dlfm_patterns *p);
void dlfm_policy_free(struct dlfm_policy *p);

#endif
