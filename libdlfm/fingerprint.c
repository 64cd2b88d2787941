/* SPDX-License-Identifier: BSD-3-Clause */
/* The fingerprint of a search environment: a hash of what decides where ld.so looks. */
#include "libdlfm/fingerprint.h"

#include <string.h>

#include "libdlfm/hash.h"

static int begins_with(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return 0;
	return 1;
}

static int contains(const char *s, const char *part)
{
	for (; *s; s++)
		if (begins_with(s, part))
			return 1;
	return 0;
}

/* Every element absolute, after ld.so's own tokens? An element is empty in "", ":x", "x:" and
 * "x::y"; ';' separates too. */
static int all_absolute(const char *list)
{
	const char *element = list;

	for (;; list++) {
		if (*list && *list != ':' && *list != ';')
			continue;
		if (*element != '/' && !begins_with(element, "$ORIGIN") &&
		    !begins_with(element, "${ORIGIN}"))
			return 0;
		if (!*list)
			return 1;
		element = list + 1;
	}
}

/* ld.so's own file was started and given the program as an argument: ld-linux-x86-64.so.2,
 * ld-2.28.so, ld.so. */
static int is_ld_so(const char *program)
{
	const char *name = program;

	for (; *program; program++)
		if (*program == '/')
			name = program + 1;
	return (begins_with(name, "ld-") && contains(name, ".so")) || begins_with(name, "ld.so");
}

uint64_t dlfm_fingerprint(const struct dlfm_search_env *env)
{
	const char *llp = env->ld_library_path;
	uint64_t hash;

	if (!env->program || env->program[0] != '/' || is_ld_so(env->program))
		return 0;
	/* An empty variable is as good as none (ld.so: "if (llp != NULL && *llp != '\0')"). */
	if (llp && !*llp)
		llp = NULL;
	if (llp && !all_absolute(llp))
		return 0;
	if (env->tunables && contains(env->tunables, "glibc.cpu."))
		return 0;

	hash = dlfm_hash(env->program, strlen(env->program));
	hash = hash * 0x9e3779b97f4a7c15u ^ (llp ? dlfm_hash(llp, strlen(llp)) : 0);
	hash = hash * 0x9e3779b97f4a7c15u ^ env->hwcaps;
	return hash ? hash : 1;
}
