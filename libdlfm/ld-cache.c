/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of this node's ld.so.cache, by which ld.so finds what no other rule finds: ld.so(8), FILES. */
#include "libdlfm/fingerprint.h"
#include "libdlfm/hash.h"
#include "libdlfm/sys.h"

uint32_t dlfm_ld_cache_state(void)
{
	const int fd = dlfm_sys_open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
	uint32_t state = 1; /* none that could be read */
	struct stat st;
	void *data;

	if (fd < 0)
		return state;
	/* analyzer: the kernel filled it, by a raw system call */
	if (dlfm_sys_fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == S_IFREG && st.st_size > 0 &&
	    (data = dlfm_sys_mmap((size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd))) {
		state = (uint32_t)dlfm_hash(data, (size_t)st.st_size) | 2;
		dlfm_sys_munmap(data, (size_t)st.st_size);
	}
	dlfm_sys_close(fd);
	return state;
}
