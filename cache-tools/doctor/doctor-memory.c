/* SPDX-License-Identifier: BSD-3-Clause */
/* The directories for node images: room, executable mappings, owner; and in memory, not on a disk. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/doctor/doctor.h"
#include "cache-tools/stage-private.h"

/* What an image of a middling application needs. */
#define USUAL (UINT64_C(256) << 20)

struct place {
	const char *dir;
	int usable;
	int in_memory;
	uint64_t free;
	struct dlfm_error why;
};

/* A store that is there must be the user's own. */
static int check_store(const char *dir, struct dlfm_error *e)
{
	struct dlfm_store s;
	int rc = dlfm_store_open(&s, dir, geteuid(), DLFM_STORE_LOOK, e);

	if (rc == 1)
		dlfm_store_close(&s);
	return rc < 0 ? -1 : 0;
}

static int check_mapping(const char *dir, struct dlfm_error *e)
{
	char name[PATH_MAX];
	int fd, rc;

	snprintf(name, sizeof(name), "%.*s/.dlfm-doctor.XXXXXX", PATH_MAX - 32, dir);
	if (!mkdtemp(name))
		return dlfm_errnof(e, "%s: cannot make a directory", dir);
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = fd < 0 ? dlfm_errnof(e, "%s", name) : stage_check_exec(fd, dir, e);
	if (fd >= 0)
		close(fd);
	rmdir(name);
	return rc;
}

static void look_at(struct place *p, const struct dlfm_cache_brief *brief)
{
	int fd = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statvfs v;
	struct statfs fs;

	if (fd < 0) {
		dlfm_errnof(&p->why, "%s", p->dir);
		return;
	}
	if (fstatvfs(fd, &v) == 0)
		p->free = (uint64_t)v.f_bavail * v.f_frsize;
	p->in_memory =
		fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
	p->usable = stage_check_space(fd, p->dir, brief, &p->why) == 0 &&
		    check_store(p->dir, &p->why) == 0 && check_mapping(p->dir, &p->why) == 0;
	close(fd);
}

/* What the cache says that it needs, or what is usual. */
static int get_brief(const struct doctor *d, struct dlfm_cache_brief *brief, struct dlfm_error *e)
{
	struct dlfm_cache_file f;

	*brief =
		(struct dlfm_cache_brief){.files_size = USUAL, .n_files = 1000, .n_entries = 10000};
	if (!d->cache)
		return 0;
	if (dlfm_cache_open(&f, d->cache, e) < 0)
		return -1;
	brief->files_size = f.cache->header.files_size;
	brief->n_files = f.cache->header.n_files;
	brief->n_entries = f.cache->header.n_entries;
	brief->metadata_size = f.cache->header.metadata_size;
	dlfm_cache_close(&f);
	return 0;
}

/* The directories in the order in which staging tries them. `room` keeps the texts. */
static const char *const *directories(const struct doctor *d, char *room, const char *list[16])
{
	char *dir, *save = NULL;
	int n = 0;

	if (d->dirs || !d->site_dirs[0])
		return dlfm_store_dirs(d->dirs);
	strcpy(room, d->site_dirs);
	for (dir = strtok_r(room, ":", &save); dir && n < 15; dir = strtok_r(NULL, ":", &save))
		list[n++] = dir;
	list[n] = NULL;
	return list;
}

static void judge(struct doctor *d, const struct place *p, int is_first, int found)
{
	const unsigned long long mib = p->free >> 20;

	if (p->usable && p->in_memory && !found)
		doctor_add(d, DOCTOR_OK, "node memory", NULL,
			   "images go to %s: %llu MiB free, files may be mapped executable", p->dir,
			   mib);
	else if (p->usable && !found)
		doctor_add(d, DOCTOR_WARN, "node memory",
			   "give the nodes a tmpfs that is large enough and not noexec",
			   "images go to %s, which is no memory: %llu MiB free", p->dir, mib);
	else if (!p->usable && is_first)
		doctor_add(d, DOCTOR_WARN, "node memory",
			   "remount it larger, and without noexec (mount -o remount,exec,size=50% "
			   "/dev/shm), or name another directory (-d; stage_dirs= of the Slurm "
			   "plugin)",
			   "%s; staging goes on to the next directory", p->why.text);
}

void doctor_check_memory(struct doctor *d)
{
	char room[PATH_MAX];
	const char *list[16];
	const char *const *dirs = directories(d, room, list);
	struct dlfm_cache_brief brief;
	struct dlfm_error e;
	int found = 0, i;

	if (get_brief(d, &brief, &e) < 0) {
		doctor_add(d, DOCTOR_FAIL, "cache", NULL, "%s", e.text);
		return;
	}
	for (i = 0; dirs[i]; i++) {
		struct place p = {.dir = dirs[i]};

		look_at(&p, &brief);
		judge(d, &p, i == 0, found);
		found |= p.usable;
	}
	if (!found)
		doctor_add(
			d, DOCTOR_FAIL, "node memory",
			"make room, or name another directory (-d; stage_dirs= of the Slurm "
			"plugin)",
			"no directory will do for an image of %llu MiB, so jobs run without DLFM",
			(unsigned long long)(brief.files_size >> 20));
}
