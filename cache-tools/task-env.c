/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment of a task that records or replays, merged with what the user set. */
#define _GNU_SOURCE /* strverscmp */
#include <errno.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/job-option.h"
#include "cache-tools/task-env.h"
#include "libdlfm/environment.h"

#define TLS_TUNABLE "glibc.rtld.optional_static_tls"
/* glibc's own value of it (elf/dl-tunables.list). */
#define TLS_NORMAL 512
/* What start-up libraries can have under an auditor without that tunable, bytes. */
#define TLS_SPARE 1600
/*
 * The least that a replay asks for. Under an auditor start-up libraries take their thread-local data from what is spared for
 * dlopen otherwise: also those of programs that the pilot did not run, and of a library that is preloaded now (jemalloc:
 * 2.7 KB). Not more: the stack of each thread gets smaller by it (BZ 11787), and there are threads of 16 KiB.
 */
#define TLS_LEAST 3072
/*
 * Ours is told from the user's by 16 hexadecimal digits. It stands behind the user's: the last of
 * several settings of one tunable wins, and the user's is still there when ours is taken out.
 */
#define TLS_DIGITS 16

/* An ld.so list: its variable, what separates its elements, and the name of our element. */
struct list {
	const char *name, *separators, *object;
};
static const struct list audit_list = {"LD_AUDIT", ":", "dlfm-audit.so"};
static const struct list preload_list = {"LD_PRELOAD", ": \t\n", "libdlfm.so"};

/* ---- lists ---- */

static int is_ours(const struct list *l, const char *element, size_t len)
{
	size_t n = strlen(l->object);

	return len >= n && memcmp(element + len - n, l->object, n) == 0 &&
	       (len == n || element[len - n - 1] == '/');
}

/* Copies the list without our objects and without the separators before them. */
static void copy_others(const struct list *l, const char *from, char *to)
{
	size_t sep, len;
	char *start = to;

	while (*from) {
		sep = strspn(from, l->separators);
		len = strcspn(from + sep, l->separators);
		if (!is_ours(l, from + sep, len)) {
			if (to == start) /* what separated it from ours */
				from += sep, sep = 0;
			memcpy(to, from, sep + len);
			to += sep + len;
		}
		from += sep + len;
	}
	*to = '\0';
}

static int set(const struct dlfm_env_ops *ops, const char *name, const char *value,
	       struct dlfm_error *e)
{
	const char *now = ops->get(ops->arg, name);

	if (value ? now && strcmp(now, value) == 0 : !now)
		return 0;
	if (ops->set(ops->arg, name, value) != 0)
		return dlfm_errf(e, "cannot set %s in the environment of the tasks", name);
	return 0;
}

/* Makes the list: <lib>/<object>, then the others; lib NULL: the others only. */
static int set_list(const struct list *l, const char *lib, const struct dlfm_env_ops *ops,
		    struct dlfm_error *e)
{
	const char *old = ops->get(ops->arg, l->name);
	char *value, *others;
	size_t ours;
	int rc;

	if (!old && !lib)
		return 0;
	ours = lib ? strlen(lib) + 1 + strlen(l->object) + 1 : 0;
	value = malloc(ours + (old ? strlen(old) : 0) + 1);
	if (!value)
		return dlfm_errf(e, "no memory for %s", l->name);
	if (lib)
		sprintf(value, "%s/%s:", lib, l->object);
	others = value + ours;
	copy_others(l, old ? old : "", others);
	if (lib && !*others)
		others[-1] = '\0';
	/* A list that never had ours keeps its bytes, even if it is empty. */
	if (!lib && strcmp(old, others) == 0)
		rc = 0;
	else
		rc = set(ops, l->name, *value ? value : NULL, e);
	free(value);
	return rc;
}

/* ---- the tunable ---- */

struct tunables {
	char *others;	/* everything but ours; malloced */
	uint64_t users; /* what the user asked for */
};

/* The value of a "name=value" element of `len` bytes if it is the TLS tunable; sets *ours. */
static int tls_value(const char *element, size_t len, uint64_t *value, int *ours)
{
	size_t n = strlen(TLS_TUNABLE);
	const char *digits = element + n + 1;
	char *end;

	if (len <= n + 1 || memcmp(element, TLS_TUNABLE "=", n + 1) != 0)
		return 0;
	*value = strtoull(digits, &end, 0);
	if (end != element + len)
		*value = 0;
	*ours = len - n - 1 == 2 + TLS_DIGITS && digits[0] == '0' && digits[1] == 'x';
	return 1;
}

/* `room`: bytes to leave behind the copy. */
static int split_tunables(struct tunables *t, const char *from, size_t room)
{
	uint64_t value;
	char *to;
	size_t len;
	int ours;

	t->users = TLS_NORMAL;
	t->others = to = malloc(strlen(from) + 1 + room);
	if (!to)
		return -1;
	for (; *from; from += len) {
		len = strcspn(from + (*from == ':'), ":") + (*from == ':');
		ours = 0;
		if (tls_value(from + (*from == ':'), len - (*from == ':'), &value, &ours) && !ours)
			t->users = value;
		if (ours)
			continue;
		if (to == t->others && *from == ':')
			from++, len--;
		memcpy(to, from, len);
		to += len;
	}
	*to = '\0';
	return 0;
}

static int set_tunables(uint64_t static_tls, const struct dlfm_env_ops *ops, struct dlfm_error *e)
{
	const char *old = ops->get(ops->arg, "GLIBC_TUNABLES");
	const size_t room = strlen(":" TLS_TUNABLE "=0x") + TLS_DIGITS;
	struct tunables t;
	int rc = 0;

	if (!old && static_tls <= TLS_NORMAL)
		return 0;
	if (split_tunables(&t, old ? old : "", room) < 0)
		return dlfm_errf(e, "no memory for GLIBC_TUNABLES");
	if (static_tls > t.users)
		sprintf(t.others + strlen(t.others), "%s" TLS_TUNABLE "=0x%0*" PRIx64,
			*t.others ? ":" : "", TLS_DIGITS, static_tls);
	if (!old || strcmp(old, t.others) != 0)
		rc = set(ops, "GLIBC_TUNABLES", *t.others ? t.others : NULL, e);
	free(t.others);
	return rc;
}

/* ---- the whole ---- */

/* ld.so splits its lists at these and expands $ORIGIN and the like: such a directory cannot be
 * named. */
static int check_lib(const char *lib, struct dlfm_error *e)
{
	if (!lib || lib[0] != '/')
		return dlfm_errf(e, "the directory of the injected objects must be an absolute "
				    "path; set DLFM_LIBDIR");
	if (lib[strcspn(lib, ": \t\n$")])
		return dlfm_errf(e,
				 "the directory '%s' of the injected objects contains a character "
				 "that ld.so's lists cannot hold (colon, space, $)",
				 lib);
	return 0;
}

static int is_on(const char *value)
{
	return value && *value && strcmp(value, "0") != 0;
}

unsigned dlfm_layers_possible(unsigned layers, uint64_t static_tls, const char *libc_version)
{
	if (static_tls > TLS_SPARE && strverscmp(libc_version, "2.33") < 0)
		return layers & ~(unsigned)DLFM_USE_DL;
	return layers;
}

int dlfm_task_env_compose(const struct dlfm_task_env *t, const struct dlfm_env_ops *ops,
			  struct dlfm_error *e)
{
	unsigned layers =
		t->image ? dlfm_layers_possible(t->layers, t->static_tls, gnu_get_libc_version())
			 : t->layers;
	const char *audit = layers & DLFM_USE_DL ? t->lib : NULL;
	const char *preload = layers & DLFM_USE_FM ? t->lib : NULL;
	const uint64_t static_tls = t->static_tls > TLS_LEAST ? t->static_tls : TLS_LEAST;

	if (is_on(ops->get(ops->arg, DLFM_ENV_DISABLE)))
		return 0;
	if (layers && check_lib(t->lib, e) < 0)
		return -1;
	if (set_list(&audit_list, audit, ops, e) < 0 ||
	    set_list(&preload_list, preload, ops, e) < 0 ||
	    set_tunables(audit ? static_tls : 0, ops, e) < 0 ||
	    set(ops, DLFM_ENV_IMAGE, t->image, e) < 0 ||
	    set(ops, DLFM_ENV_JOURNAL, t->journal, e) < 0)
		return -1;
	return 0;
}

int dlfm_task_env_remove(const struct dlfm_env_ops *ops, struct dlfm_error *e)
{
	if (set_list(&audit_list, NULL, ops, e) < 0 || set_list(&preload_list, NULL, ops, e) < 0 ||
	    set_tunables(0, ops, e) < 0 || set(ops, DLFM_ENV_IMAGE, NULL, e) < 0 ||
	    set(ops, DLFM_ENV_JOURNAL, NULL, e) < 0)
		return -1;
	return 0;
}
