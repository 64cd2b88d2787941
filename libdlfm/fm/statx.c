/* SPDX-License-Identifier: BSD-3-Clause */
/* statx(2), for callers that want no more than stat(2) gives. */
#include "libdlfm/fm/fm.h"

#include <string.h>

#ifdef STATX_BASIC_STATS /* glibc 2.28: without it there is nothing to fill, and the wrapper       \
			    passes on */

/* As makedev(3) has it; written out, since glibc's functions for it are not in other libcs. */
static uint32_t dev_major(uint64_t dev)
{
	return (uint32_t)((dev >> 8 & 0xfff) | (dev >> 32 & 0xfffff000));
}

static uint32_t dev_minor(uint64_t dev)
{
	return (uint32_t)((dev & 0xff) | (dev >> 12 & 0xffffff00));
}

static struct statx_timestamp time_of(const struct dlfm_image_time *t)
{
	return (struct statx_timestamp){.tv_sec = t->sec, .tv_nsec = t->nsec};
}

static void fill(struct statx *stx, const struct dlfm_image_stat *s)
{
	*stx = (struct statx){
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = s->blksize,
		.stx_nlink = s->nlink,
		.stx_uid = s->uid,
		.stx_gid = s->gid,
		.stx_mode = (uint16_t)s->mode,
		.stx_ino = s->ino,
		.stx_size = s->size,
		.stx_blocks = s->blocks,
		.stx_atime = time_of(&s->atime),
		.stx_mtime = time_of(&s->mtime),
		.stx_ctime = time_of(&s->ctime),
		.stx_rdev_major = dev_major(s->rdev),
		.stx_rdev_minor = dev_minor(s->rdev),
		.stx_dev_major = dev_major(s->dev),
		.stx_dev_minor = dev_minor(s->dev),
	};
}

static int answer(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)
{
	struct dlfm_found found;

	if (!fm_on() || mask & ~STATX_BASIC_STATS ||
	    flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC))
		return FM_PASS;
	found = fm_ask(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
	if (found.answer == DLFM_PRESENT) {
		fill(stx, &fm_entry(found)->st);
		return 0;
	}
	return found.answer == DLFM_ABSENT ? fm_fail(found.err) : FM_PASS;
}

#else

static int answer(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)
{
	(void)dirfd, (void)path, (void)flags, (void)mask, (void)stx;
	fm_on();
	return FM_PASS;
}

#endif

FM_EXPORT int statx(int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)
{
	int rc = answer(dirfd, path, flags, mask, stx);

	if (rc != FM_PASS)
		return rc;
	return fm_note(dirfd, path, flags & AT_SYMLINK_NOFOLLOW ? DLFM_OP_LSTAT : DLFM_OP_STAT,
		       REAL(statx)(dirfd, path, flags, mask, stx));
}
