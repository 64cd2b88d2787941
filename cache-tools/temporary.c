/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that appear under their name when they are complete, or not at all. */
#include "config.h"

#include "cache-tools/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names that a signal handler must remove: two at once are enough for all that this program does.
 */
enum { MAX_NAMED = 4, MAX_TRIES = 1000 };
static char named[MAX_NAMED][PATH_MAX];
static atomic_int in_use[MAX_NAMED];

static void remember(const char *path)
{
	int i;

	for (i = 0; i < MAX_NAMED; i++) {
		if (in_use[i])
			continue;
		snprintf(named[i], sizeof(named[i]), "%s", path);
		in_use[i] = 1;
		return;
	}
}

static void forget(const char *path)
{
	int i;

	for (i = 0; i < MAX_NAMED; i++)
		if (in_use[i] && strcmp(named[i], path) == 0)
			in_use[i] = 0;
}

void dlfm_temporary_remove_all(void)
{
	int i;

	for (i = 0; i < MAX_NAMED; i++)
		if (in_use[i])
			unlink(named[i]);
}

static void directory_of(char dir[PATH_MAX], const char *name)
{
	const char *slash = strrchr(name, '/');

	if (!slash)
		snprintf(dir, PATH_MAX, ".");
	else
		snprintf(dir, PATH_MAX, "%.*s", slash == name ? 1 : (int)(slash - name), name);
}

/* The name with a link under it resolved, if it exists. */
static int final_name(char final[PATH_MAX], const char *name, struct dlfm_error *e)
{
	if (strlen(name) >= PATH_MAX - 64)
		return dlfm_errf(e, "%.100s...: the path is too long", name);
	if (!realpath(name, final))
		snprintf(final, PATH_MAX, "%s", name);
	return 0;
}

int dlfm_temporary_check(const char *name, struct dlfm_error *e)
{
	char dir[PATH_MAX], final[PATH_MAX];
	struct stat st;
	int rc;

	if (final_name(final, name, e) < 0)
		return -1;
	rc = stat(final, &st);
	if (rc < 0 && errno != ENOENT)
		return dlfm_errnof(e, "%.200s: cannot be used", name);
	if (rc == 0 && !S_ISREG(st.st_mode))
		return dlfm_errf(e, "%s: is %s; name a file to write", name,
				 S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
	directory_of(dir, final);
	if (stat(dir, &st) < 0)
		return dlfm_errnof(e, "%s: its directory cannot be used", name);
	if (access(dir, W_OK | X_OK) < 0)
		return dlfm_errnof(e, "%s: its directory cannot be written; choose another place",
				   name);
	return 0;
}

/* The i-th temporary name, beside the final one. */
static void make_name(struct dlfm_temporary *t, int i)
{
	const char *slash = strrchr(t->name, '/');
	int dir = slash ? (int)(slash - t->name) + 1 : 0;

	snprintf(t->named, sizeof(t->named), "%.*s.%.200s.dlfm-%d.%d", dir, t->name, t->name + dir,
		 (int)getpid(), i);
}

static int open_named(struct dlfm_temporary *t, mode_t mode)
{
	int i;

	for (i = 0; i < MAX_TRIES; i++) {
		make_name(t, i);
		t->fd = open(t->named, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (t->fd >= 0 || errno != EEXIST)
			break;
	}
	if (t->fd >= 0)
		remember(t->named);
	else
		t->named[0] = 0;
	return t->fd;
}

/* Gives the nameless file a temporary name: linkat(2) does not replace, so it cannot be the final
 * one. */
static int link_named(struct dlfm_temporary *t)
{
	char self[64];
	int i, rc = -1;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", t->fd);
	for (i = 0; i < MAX_TRIES; i++) {
		make_name(t, i);
		rc = linkat(AT_FDCWD, self, AT_FDCWD, t->named, AT_SYMLINK_FOLLOW);
		if (rc == 0 || errno != EEXIST)
			break;
	}
	if (rc == 0)
		remember(t->named);
	else
		t->named[0] = 0;
	return rc;
}

/* What replaces a file may be read by those who might read that. */
static void keep_mode(const struct dlfm_temporary *t)
{
	struct stat st;

	if (stat(t->name, &st) < 0 || st.st_uid != geteuid())
		return;
	if (fchown(t->fd, (uid_t)-1, st.st_gid) == 0)
		fchmod(t->fd, st.st_mode & 0777);
	else /* of another group now: that gets no more than everybody */
		fchmod(t->fd, (st.st_mode & 0707) | ((st.st_mode & 07) << 3));
}

int dlfm_temporary_open(struct dlfm_temporary *t, const char *name, mode_t mode,
			struct dlfm_error *e)
{
	char dir[PATH_MAX];

	t->fd = -1;
	t->named[0] = 0;
	if (dlfm_temporary_check(name, e) < 0 || final_name(t->name, name, e) < 0)
		return -1;
	directory_of(dir, t->name);
	t->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (t->fd < 0 && open_named(t, mode) < 0)
		return dlfm_errnof(e, "%s: no file can be made beside it", name);
	keep_mode(t);
	return 0;
}

int dlfm_temporary_open_unlinked(struct dlfm_temporary *t, const char *name, struct dlfm_error *e)
{
	if (dlfm_temporary_open(t, name, 0600, e) < 0)
		return -1;
	if (t->named[0])
		unlink(t->named);
	forget(t->named);
	t->named[0] = 0;
	return 0;
}

static void sync_directory(const char *name)
{
	char dir[PATH_MAX];
	int fd;

	directory_of(dir, name);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int dlfm_temporary_commit(struct dlfm_temporary *t, struct dlfm_error *e)
{
	int fd = t->fd;

	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS) {
		dlfm_errnof(e, "%s: cannot be written", t->name);
		goto fail;
	}
	if (!t->named[0] && link_named(t) < 0) {
		dlfm_errnof(e, "%s: cannot get its name", t->name);
		goto fail;
	}
	if (rename(t->named, t->name) < 0) {
		dlfm_errnof(e, "%s: cannot be replaced", t->name);
		goto fail;
	}
	forget(t->named);
	t->named[0] = 0;
	t->fd = -1;
	if (close(fd) < 0)
		return dlfm_errnof(e, "%s: cannot be written", t->name);
	sync_directory(t->name);
	return 0;
fail:
	dlfm_temporary_abort(t);
	return -1;
}

void dlfm_temporary_abort(struct dlfm_temporary *t)
{
	if (t->named[0])
		unlink(t->named);
	forget(t->named);
	t->named[0] = 0;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}
