/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parallel lookups in one directory. libfuse 3.14 (Debian 12) accepts FUSE_CAP_PARALLEL_DIROPS and
 * then leaves FUSE_PARALLEL_DIROPS out of its answer to INIT, so that the kernel lets one lookup a
 * directory and a mount wait at a time: the ranks of a node would queue for each other's latency,
 * which no NFS or Lustre client makes them do. So the first answer of the session, which is the one
 * to INIT, gets the flag on its way to the kernel.
 */
#include <errno.h>
#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 14)

static ssize_t send_answer(int fd, struct iovec *iov, int count, void *data)
{
	static atomic_int later;
	struct fuse_init_out *init;

	(void)data;
	if (!atomic_exchange(&later, 1) && count == 2 && iov[1].iov_len >= 16) {
		init = iov[1].iov_base;
		init->flags |= FUSE_PARALLEL_DIROPS;
	}
	return writev(fd, iov, count);
}

static ssize_t get_request(int fd, void *buf, size_t size, void *data)
{
	(void)data;
	return read(fd, buf, size);
}

int slowfs_parallel_lookups(struct fuse_session *se)
{
	static const struct fuse_custom_io io = {.writev = send_answer, .read = get_request};

	return fuse_session_custom_io(se, &io, fuse_session_fd(se));
}

#else

int slowfs_parallel_lookups(struct fuse_session *se)
{
	(void)se;
	return 0;
}

#endif
