/* SPDX-License-Identifier: BSD-3-Clause */
/* Will a directory do for an image: room, and files that may be mapped executable. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "cache-tools/cgroup.h"
#include "cache-tools/stage-private.h"
#include "libdlfm/image.h"

enum {
	BLOCK = 4096,	      /* a file's last block is half empty on average; at most this */
	OBJECTS = 4 << 20,    /* the injected objects */
	PER_ENTRY = 64,	      /* index: hash slots, dirty byte, root in front of staged names */
	NODES = 64,	      /* files and directories of the image itself */
	IN_FLIGHT = 32 << 20, /* memory of the stager itself */
};

uint64_t stage_space_needed(const struct dlfm_cache_brief *b)
{
	return b->files_size + b->n_files * BLOCK + 2 * b->metadata_size +
	       b->n_entries * (sizeof(struct dlfm_image_entry) + PER_ENTRY) + OBJECTS;
}

/* In a tmpfs an image is memory: beyond the limit of the job's control group the kernel would kill, not refuse. */
static int check_memory(int fd, const char *where, uint64_t needed, struct dlfm_error *e)
{
	struct statfs fs;
	uint64_t room;

	if (fstatfs(fd, &fs) < 0 || (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC))
		return 0;
	room = dlfm_cgroup_room();
	if (room >= needed + IN_FLIGHT)
		return 0;
	return dlfm_errf(e,
			 "%s is memory, of which the limit of this process's control group leaves "
			 "%llu MiB; the image needs up to %llu MiB: ask for more memory",
			 where, (unsigned long long)room >> 20,
			 (unsigned long long)(needed + IN_FLIGHT + (1 << 20) - 1) >> 20);
}

int stage_check_space(int fd, const char *where, const struct dlfm_cache_brief *b,
		      struct dlfm_error *e)
{
	uint64_t needed = stage_space_needed(b), available;
	struct statvfs v;

	if (fstatvfs(fd, &v) < 0)
		return dlfm_errnof(e, "%s", where);
	if (v.f_flag & ST_NOEXEC)
		return dlfm_errf(e, "%s is mounted noexec: libraries cannot be mapped from there",
				 where);
	if (v.f_flag & ST_RDONLY)
		return dlfm_errf(e, "%s is mounted read-only", where);
	available = (uint64_t)v.f_bavail * v.f_frsize;
	if (available < needed)
		return dlfm_errf(e, "%s has %llu MiB free, the image needs up to %llu MiB", where,
				 (unsigned long long)available >> 20,
				 (unsigned long long)(needed + (1 << 20) - 1) >> 20);
	if (v.f_files && v.f_favail < b->n_files + b->n_entries / 2 + NODES)
		return dlfm_errf(e, "%s has %llu inodes free, the image needs up to %llu", where,
				 (unsigned long long)v.f_favail,
				 (unsigned long long)(b->n_files + b->n_entries / 2 + NODES));
	return check_memory(fd, where, needed, e);
}

/* A security module can forbid what the mount allows, so it is tried. */
int stage_check_exec(int temp, const char *where, struct dlfm_error *e)
{
	static const char name[] = "try";
	int fd = openat(temp, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
	void *p;
	int rc = 0;

	if (fd < 0)
		return dlfm_errnof(e, "%s: cannot make a file", where);
	if (write(fd, name, sizeof(name)) != sizeof(name)) {
		rc = dlfm_errnof(e, "%s: cannot write a file", where);
	} else {
		p = mmap(NULL, sizeof(name), PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			rc = dlfm_errnof(e, "%s: files there cannot be mapped executable", where);
		else
			munmap(p, sizeof(name));
	}
	close(fd);
	unlinkat(temp, name, 0);
	return rc;
}
