/* SPDX-License-Identifier: BSD-3-Clause */
/* Copying journals. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/journal-gather.h"
#include "libdlfm/journal.h"

enum { PIECE = 65536 };

/* A journal's file is larger than what is written in it. */
static off_t used_size(int fd)
{
	struct dlfm_journal_header h;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0;
	if (pread(fd, &h, sizeof(h), 0) == sizeof(h) && h.tail < (uint64_t)st.st_size)
		return h.tail;
	return st.st_size;
}

static int copy_bytes(int in, int out)
{
	off_t left = used_size(in);
	char piece[PIECE];
	ssize_t n, done, written;

	while (left > 0) {
		n = read(in, piece, left < PIECE ? (size_t)left : PIECE);
		if (n <= 0)
			return n < 0 ? -1 : 0; /* it became shorter: nothing more to copy */
		for (done = 0; done < n; done += written) {
			written = write(out, piece + done, n - done);
			if (written < 0)
				return -1;
		}
		left -= n;
	}
	return 0;
}

static int is_journal(const char *name)
{
	static const char suffix[] = ".journal";
	size_t length = strlen(name);

	return name[0] != '.' && length > sizeof(suffix) &&
	       strcmp(name + length - sizeof(suffix) + 1, suffix) == 0;
}

static int copy(int from, int to, const char *name, const char *prefix)
{
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out = -1,
	    rc = -1;
	char to_name[2 * NAME_MAX];

	snprintf(to_name, sizeof(to_name), "%s-%s", prefix, name);
	if (in >= 0)
		out = openat(to, to_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			     0600);
	if (out >= 0)
		rc = copy_bytes(in, out);
	if (out >= 0 && close(out) < 0)
		rc = -1;
	if (in >= 0)
		close(in);
	return rc;
}

int dlfm_journal_gather(const char *from, const char *to, const char *prefix, struct dlfm_error *e)
{
	int fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = opendir(from);
	struct dirent *de;

	if (!d || fd < 0)
		n = dlfm_errnof(e, "%s", d ? to : from);
	/* analyzer: n is negative if there is no directory */
	while (n >= 0 && (de = readdir(d))) {
		if (!is_journal(de->d_name))
			continue;
		if (copy(dirfd(d), fd, de->d_name, prefix) < 0)
			n = dlfm_errnof(e, "cannot copy %s/%s to %s", from, de->d_name, to);
		else
			n++;
	}
	if (d)
		closedir(d);
	if (fd >= 0)
		close(fd);
	return n;
}
