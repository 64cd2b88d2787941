/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory limits of control groups: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. */
#include "config.h"

#include "cache-tools/cgroup.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How one of the two versions names its files. */
static const struct names {
	const char *limit, *usage, *inactive, *active;
	const char *const mounts[3];
} v1 = {"memory.limit_in_bytes",
	"memory.usage_in_bytes",
	"total_inactive_file ",
	"total_active_file ",
	{"/sys/fs/cgroup/memory", NULL}},
  v2 = {"memory.max",
	"memory.current",
	"inactive_file ",
	"active_file ",
	{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", NULL}};

static FILE *open_in(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path)
		       ? fopen(path, "re")
		       : NULL;
}

/* A number of its own in a file; UINT64_MAX for "max", or if it is not there. */
static uint64_t read_number(const char *dir, const char *name)
{
	unsigned long long n = UINT64_MAX;
	FILE *f = open_in(dir, name);

	if (f && fscanf(f, "%llu", &n) != 1)
		n = UINT64_MAX;
	if (f)
		fclose(f);
	return n;
}

/* Caches of files: what the kernel drops before it kills. */
static uint64_t read_caches(const char *dir, const struct names *v)
{
	FILE *f = open_in(dir, "memory.stat");
	uint64_t sum = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, v->inactive, strlen(v->inactive)) == 0)
			sum += strtoull(line + strlen(v->inactive), NULL, 10);
		else if (strncmp(line, v->active, strlen(v->active)) == 0)
			sum += strtoull(line + strlen(v->active), NULL, 10);
	}
	if (f)
		fclose(f);
	return sum;
}

static uint64_t room_in(const char *dir, const struct names *v)
{
	uint64_t limit = read_number(dir, v->limit), usage = read_number(dir, v->usage), caches;

	if (limit == UINT64_MAX || usage == UINT64_MAX)
		return UINT64_MAX;
	caches = read_caches(dir, v);
	usage -= caches < usage ? caches : usage;
	return usage < limit ? limit - usage : 0;
}

/* The least of a group and all above it. */
static uint64_t room_along(const char *path, const struct names *v)
{
	uint64_t least = UINT64_MAX, room;
	char dir[PATH_MAX];
	int i, n;
	char *slash;

	for (i = 0; v->mounts[i]; i++) {
		n = snprintf(dir, sizeof(dir), "%s%s", v->mounts[i], path);
		while (n < (int)sizeof(dir) && strlen(dir) >= strlen(v->mounts[i])) {
			room = room_in(dir, v);
			least = room < least ? room : least;
			slash = strrchr(dir, '/');
			if (!slash)
				break;
			*slash = '\0';
		}
	}
	return least;
}

/* Does a list "a,memory,b" have it? */
static int has_memory(const char *controllers)
{
	const char *at = strstr(controllers, "memory");

	return at && (at == controllers || at[-1] == ',') && (!at[6] || at[6] == ',');
}

uint64_t dlfm_cgroup_room(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX + 256], *controllers, *path;
	uint64_t least = UINT64_MAX, room = UINT64_MAX;

	/* <hierarchy>:<controllers>:<path>; version 2 has no controllers (cgroups(7)) */
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		controllers = strchr(line, ':');
		path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		controllers++;
		if (has_memory(controllers))
			room = room_along(path, &v1);
		else if (!*controllers)
			room = room_along(path, &v2);
		least = room < least ? room : least;
	}
	if (f)
		fclose(f);
	return least;
}
