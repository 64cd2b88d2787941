/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is behind a lease: keys that name a process, and processes that have an image mapped. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/lease.h"

#define OWN  "replay-"
#define KEPT "staged-"
#define LEFT "recorded-"

/* When a process started, in clock ticks since boot (proc(5), stat, field 22); 0: there is none. */
static unsigned long long start_of(long pid)
{
	char name[64], text[1024], *at;
	unsigned long long start = 0;
	FILE *f;
	int i;

	snprintf(name, sizeof(name), "/proc/%ld/stat", pid);
	f = fopen(name, "re");
	if (!f)
		return 0;
	at = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (at)
		start = strtoull(at, NULL, 10);
	fclose(f);
	return start;
}

static unsigned long long pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

static void process_key(char key[DLFM_LEASE_KEY_MAX + 1], const char *kind)
{
	snprintf(key, DLFM_LEASE_KEY_MAX + 1, "%s%ld-%llu-%llu", kind, (long)getpid(),
		 start_of(getpid()), pid_namespace());
}

void dlfm_lease_own_key(char key[DLFM_LEASE_KEY_MAX + 1])
{
	process_key(key, OWN);
}

void dlfm_lease_left_key(char key[DLFM_LEASE_KEY_MAX + 1])
{
	process_key(key, LEFT);
}

void dlfm_lease_kept_key(char key[DLFM_LEASE_KEY_MAX + 1], const char *id)
{
	snprintf(key, DLFM_LEASE_KEY_MAX + 1, KEPT "%s", id);
}

int dlfm_lease_is_kept(const char *key)
{
	return strncmp(key, KEPT, strlen(KEPT)) == 0;
}

int dlfm_lease_owner_is_gone(const char *key)
{
	unsigned long long start, space, now;
	long pid;
	int end = 0;

	if (strncmp(key, OWN, strlen(OWN)) != 0 ||
	    sscanf(key + strlen(OWN), "%ld-%llu-%llu%n", &pid, &start, &space, &end) != 3 ||
	    key[strlen(OWN) + end])
		return 0;
	now = start_of(pid);
	return space == pid_namespace() && start && now != start;
}

/* Does a line of /proc/<pid>/maps name a file below `prefix`? */
static int maps_below(const char *maps, const char *prefix)
{
	char line[2 * PATH_MAX];
	FILE *f = fopen(maps, "re");
	int found = 0;

	while (f && !found && fgets(line, sizeof(line), f)) {
		const char *path = strchr(line, '/');

		found = path && strncmp(path, prefix, strlen(prefix)) == 0;
	}
	if (f)
		fclose(f);
	return found;
}

int dlfm_is_mapped(const struct dlfm_store *s, const char *name)
{
	char prefix[PATH_MAX + NAME_MAX + 2], maps[NAME_MAX + 16];
	struct dirent *de;
	int found = 0;
	DIR *d = opendir("/proc");

	snprintf(prefix, sizeof(prefix), "%s/%s/", s->path, name);
	while (d && !found && (de = readdir(d))) {
		if (!isdigit((unsigned char)de->d_name[0]))
			continue;
		snprintf(maps, sizeof(maps), "/proc/%s/maps", de->d_name);
		found = maps_below(maps, prefix);
	}
	if (d)
		closedir(d);
	return found;
}
