/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening and reading the cache. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pmix-dist/input.h"

static int read_header(struct input *in, struct dlfm_error *e)
{
	struct stat st;

	if (fstat(in->fd, &st) < 0)
		return dlfm_errnof(e, "%s: cannot be examined", in->path);
	if ((size_t)st.st_size < sizeof(in->header))
		return dlfm_errf(
			e,
			"%s: is not a cache, it has %lld bytes; name a file that dlfm record wrote",
			in->path, (long long)st.st_size);
	if (input_read(in, in->header, sizeof(in->header), 0, e) < 0)
		return -1;
	if (dlfm_cache_brief(&in->brief, in->header, sizeof(in->header), e) < 0)
		return dlfm_err_prefix(e, "%s", in->path);
	if (in->brief.file_size != (uint64_t)st.st_size)
		return dlfm_errf(e,
				 "%s: damaged: it has %lld bytes and should have %llu; copy it "
				 "again from its source or record it anew",
				 in->path, (long long)st.st_size,
				 (unsigned long long)in->brief.file_size);
	return 0;
}

int input_open(struct input *in, const char *path, enum dlfm_stale policy, struct dlfm_error *e)
{
	*in = (struct input){.path = path};
	in->fd = dlfm_stale_open(path, policy, 0, &in->report, e);
	if (in->fd < 0)
		return -1;
	if (read_header(in, e) == 0)
		return 0;
	input_close(in);
	return -1;
}

int input_read(const struct input *in, void *to, size_t size, uint64_t offset, struct dlfm_error *e)
{
	uint8_t *p = to;

	while (size > 0) {
		ssize_t n = pread(in->fd, p, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return dlfm_errnof(e, "%s: cannot be read", in->path);
		if (n == 0)
			return dlfm_errf(e,
					 "%s: it ended while it was read; wait until it is whole",
					 in->path);
		p += n;
		size -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

void input_close(struct input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	in->fd = -1;
}
