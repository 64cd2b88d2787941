/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading, writing and copying whole stretches of files. */
#include "config.h"

#include "cache-tools/file-io.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

ssize_t dlfm_read_at(int fd, void *data, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, (char *)data + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int dlfm_write_at(int fd, const void *data, size_t size, uint64_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n =
			pwrite(fd, (const char *)data + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int copy_buffered(const struct dlfm_stretch *s)
{
	const size_t step = 1 << 20;
	char *buffer = malloc(step);
	uint64_t done = 0;
	int rc = buffer ? 0 : -1;

	while (rc == 0 && done < s->size) {
		size_t n = s->size - done < step ? (size_t)(s->size - done) : step;

		rc = dlfm_read_at(s->from, buffer, n, s->in + done) == (ssize_t)n
			     ? dlfm_write_at(s->to, buffer, n, s->out + done)
			     : -1;
		done += n;
	}
	free(buffer);
	return rc;
}

int dlfm_copy_stretch(const struct dlfm_stretch *s)
{
	loff_t in = (loff_t)s->in, out = (loff_t)s->out;

	while ((uint64_t)in < s->in + s->size) {
		ssize_t n = copy_file_range(s->from, &in, s->to, &out,
					    s->in + s->size - (uint64_t)in, 0);

		if (n > 0 || (n < 0 && errno == EINTR))
			continue;
		/* across file systems on old kernels, or not at all on this one */
		return (uint64_t)in == s->in ? copy_buffered(s) : -1;
	}
	return 0;
}
