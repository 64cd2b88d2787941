/* SPDX-License-Identifier: BSD-3-Clause */
/* Was a file read in one state, or while somebody wrote to it? */
#include "config.h"

#include "cache-tools/at-rest.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "cache-tools/scan.h"

/* A write that began earlier is thought to have ended; the kernel's ticks are shorter than that. */
enum { RECENT_SECONDS = 60, TICK_MS = 20, MAX_TICKS = 3 };

#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif
#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif

/* Clients that refuse leases for reasons of their own: without a delegation, an oplock. */
static int refuses_leases(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return 1;
	switch ((unsigned long)fs.f_type & 0xffffffff) {
	case NFS_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
		return 1;
	}
	return 0;
}

/* Whoever opens it for writing while the lease is held, for microseconds, makes the kernel send a signal: one that does nothing. */
static int is_open_for_writing(int fd)
{
	fcntl(fd, F_SETSIG, SIGURG);
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		return 0;
	}
	return errno == EAGAIN && !refuses_leases(fd);
}

/* Milliseconds since its last change, by this node's clock. */
static int64_t age_ms(const struct dlfm_image_stat *st)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (now.tv_sec - st->ctime.sec) * 1000 +
	       (now.tv_nsec - (int64_t)st->ctime.nsec) / 1000000;
}

static int take_state(struct dlfm_image_stat *to, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	dlfm_scan_stat(to, &st);
	return 0;
}

int dlfm_rest_begin(struct dlfm_rest *r, int fd)
{
	const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
	int i;

	if (take_state(&r->st, fd) < 0)
		return -1;
	for (i = 0; i < MAX_TICKS && llabs(age_ms(&r->st)) < TICK_MS; i++) {
		nanosleep(&tick, NULL);
		if (take_state(&r->st, fd) < 0)
			return -1;
	}
	r->busy = llabs(age_ms(&r->st)) < RECENT_SECONDS * 1000 && is_open_for_writing(fd);
	return 0;
}

int dlfm_rest_verdict(const struct dlfm_rest *r, int fd)
{
	struct dlfm_image_stat now;

	if (take_state(&now, fd) < 0)
		return 0;
	if (r->busy || !dlfm_scan_same(&now, &r->st))
		return 2;
	return llabs(age_ms(&now)) < RECENT_SECONDS * 1000 && is_open_for_writing(fd) ? 2 : 1;
}
