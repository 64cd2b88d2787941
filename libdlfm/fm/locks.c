/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flock(2) of a descriptor of a staged file: the lock is meant for everybody who opens the original, on other nodes
 * too (scripts that lock themselves). So the descriptor becomes one of the original, at the same offset, and is locked then.
 */
#include "libdlfm/fm/fm.h"

#include <sys/file.h>

#include "libdlfm/sys.h"

static __attribute__((noinline)) void use_original(int fd)
{
	char path[PATH_MAX];
	int staged = 0, flags, original;
	off_t at;

	if (!fm_descriptor_path(path, fd, &staged) || !staged)
		return;
	flags = (int)dlfm_sys3(SYS_fcntl, fd, F_GETFD, 0);
	original = dlfm_sys_open(path, O_RDONLY | O_CLOEXEC, 0);
	if (original < 0)
		return;
	at = (off_t)dlfm_sys3(SYS_lseek, fd, 0, SEEK_CUR);
	if (at > 0)
		dlfm_sys3(SYS_lseek, original, at, SEEK_SET);
	dlfm_sys3(SYS_dup3, original, fd, flags & FD_CLOEXEC ? O_CLOEXEC : 0);
	dlfm_sys_close(original);
}

FM_EXPORT int flock(int fd, int operation)
{
	if (fm_on() && fm.image.header && !(operation & LOCK_UN))
		use_original(fd);
	return REAL(flock)(fd, operation);
}
