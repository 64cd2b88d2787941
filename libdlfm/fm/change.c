/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the job changes is marked in the image's dirty map under its canonical path, which all
 * spellings of a name have in common. Marked before the call, so that nobody who learns of the
 * change is answered from the image; after it, and only if it succeeded, where the recorded rights
 * say that it will fail: an import tries to write byte code next to every module, and must not wear
 * out the image of a read-only tree.
 */
#include "libdlfm/fm/change.h"

#include <string.h>

#include "libdlfm/sys.h"

struct fm_room {
	char path[PATH_MAX], other[PATH_MAX];
};

static int take_room(struct fm_change *c)
{
	c->room = dlfm_sys_mmap(sizeof(*c->room), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1);
	c->path = c->room ? c->room->path : NULL;
	return c->room ? 0 : -1;
}

static void give_room_back(struct fm_change *c)
{
	if (c->room)
		dlfm_sys_munmap(c->room, sizeof(*c->room));
	c->room = NULL;
}

static void mark(const char *path, size_t len, unsigned how)
{
	if (fm.away)
		return;
	if (dlfm_image_mark(&fm.image, path, len, how) < 0)
		dlfm_image_mark(&fm.image, "/", 1,
				DLFM_DIRTY_TREE); /* cannot happen, so: nothing is known */
}

/* Device files and the like; but /proc/self/cwd and /dev/fd lead anywhere. */
static int is_elsewhere(const char *path, size_t len)
{
	return fm_is_local(path, len) && !fm_begins(path, "/proc/") &&
	       !fm_begins(path, "/dev/fd") && !fm_begins(path, "/dev/std");
}

/* The kernel's canonical path of an existing file, by way of a descriptor that changes nothing; 0:
 * none, see errno. */
static size_t ask_kernel(char buf[PATH_MAX], const char *path, int flags, int *staged)
{
	int fd = dlfm_sys_open(path, O_PATH | O_CLOEXEC | flags, 0);
	size_t len;

	if (fd < 0) {
		errno = -fd;
		return 0;
	}
	len = fm_descriptor_path(buf, fd, staged);
	dlfm_sys_close(fd);
	errno = 0;
	return len;
}

/* Replaces the path of a change by the canonical one of the file that it leads to. */
static int resolve_whole(struct fm_change *c, int flags)
{
	char *buf = c->room->other;
	size_t len = ask_kernel(buf, c->path, flags, NULL);

	if (!len)
		return -1;
	memcpy(c->path, buf, len + 1);
	c->len = len;
	c->certain = 1;
	return 0;
}

static int can_write(uint32_t entry)
{
	const struct dlfm_image_entry *e = dlfm_image_entry(&fm.image, entry);

	return !fm.access || !(e->flags & DLFM_ENTRY_KNOWN) || e->st.access & W_OK;
}

/* The path of an entry; 0, and buf as it was, if there is none. */
static size_t copy_path(char buf[PATH_MAX], const struct dlfm_image_entry *e)
{
	size_t len;
	const char *path = dlfm_image_text(&fm.image, e->path, &len);

	if (len == 0 || len >= PATH_MAX)
		return 0;
	memcpy(buf, path, len + 1);
	return len;
}

/* The canonical path of a directory, from the image or from the kernel. `path` is changed for a
 * moment. */
static size_t resolve_directory(struct fm_change *c, char buf[PATH_MAX], size_t len)
{
	uint32_t i = dlfm_image_directory(&fm.image, c->path, len);
	const struct dlfm_image_entry *e = dlfm_image_entry(&fm.image, i);
	const char end = c->path[len];
	size_t n;

	if (e && (n = copy_path(buf, e)) > 0) {
		c->likely = can_write(i);
		return n;
	}
	c->path[len] = '\0';
	n = ask_kernel(buf, c->path, O_DIRECTORY, NULL);
	c->path[len] = end;
	return n;
}

/* Length of the path up to its last component, which gets *name and *name_len; trailing slashes are
 * left out. */
static size_t split(const struct fm_change *c, size_t *name, size_t *name_len)
{
	size_t end = c->len, start;

	while (end > 1 && c->path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && c->path[start - 1] != '/'; start--)
		;
	*name = start;
	*name_len = end - start;
	return start > 1 ? start - 1 : 1;
}

static int is_dots(const char *name, size_t len)
{
	return len == 0 || (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

/* Puts the canonical directory in front of the last component. -1: there is no such directory, see
 * errno. */
static int resolve_parent(struct fm_change *c)
{
	char *buf = c->room->other;
	size_t name, name_len, len, up = split(c, &name, &name_len);

	if (is_dots(c->path + name, name_len))
		return resolve_whole(c, 0);
	len = resolve_directory(c, buf, up);
	if (!len || len + 1 + name_len >= PATH_MAX)
		return -1;
	if (len > 1)
		buf[len++] = '/';
	memcpy(buf + len, c->path + name, name_len);
	len += name_len;
	memcpy(c->path, buf, len);
	c->path[len] = '\0';
	c->len = len;
	return 0;
}

/* Follows a final link as far as the image knows it. */
static int follow_known(struct fm_change *c, struct dlfm_found found)
{
	const struct dlfm_image_entry *e = fm_entry(found);
	const size_t len = e ? copy_path(c->path, e) : 0;

	if (len) {
		c->len = len;
		return 1;
	}
	e = dlfm_image_entry(&fm.image, found.named);
	return found.answer == DLFM_ABSENT && (!e || e->lerr != 0);
}

/*
 * mkdir("/tmp") of a program that makes a whole path fails, and must not make all below it unknown.
 */
static int is_there(const struct fm_change *c, struct dlfm_found found)
{
	return found.answer == DLFM_PRESENT ||
	       (found.answer == DLFM_UNKNOWN && dlfm_sys_access(c->path, F_OK) == 0);
}

/* Is it a name of a staged file's descriptor? Then the original is meant. */
static void find_original(struct fm_change *c)
{
	char *buf = c->room->other;
	int staged = 0;
	size_t len = ask_kernel(buf, c->path, 0, &staged);

	if (!len || !staged)
		return;
	memcpy(c->path, buf, len + 1);
	c->len = len;
	c->instead = 1;
}

static void resolve(struct fm_change *c, enum fm_follow follow)
{
	struct dlfm_found found;

	if (resolve_parent(c) < 0) {
		/* The call itself will fail, unless it was only we who had no descriptor left, or
		 * no /proc: then the path stays as it was given. */
		if (errno != 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM)
			c->how = 0;
		return;
	}
	if (c->certain)
		return;
	found = dlfm_image_lookup(&fm.image, c->path, c->len, follow > FM_MAKES);
	c->certain = follow <= FM_MAKES || follow_known(c, found);
	if (follow == FM_MAKES && is_there(c, found))
		c->likely = 0;
	if (found.answer == DLFM_PRESENT && follow == FM_FOLLOW_LATER) {
		c->how = DLFM_DIRTY_SELF;
		c->likely = can_write(found.entry);
	}
	if (!c->certain && follow == FM_FOLLOW)
		resolve_whole(c, 0);
}

/* What is to be marked, and marks it unless the call seems to fail. */
static void find(struct fm_change *c, enum fm_follow follow, unsigned how)
{
	if (!c->len || is_elsewhere(c->path, c->len)) {
		c->certain = c->len > 0;
		return;
	}
	if (follow >= FM_FOLLOW && fm_is_local(c->path, c->len))
		find_original(c);
	c->how = how;
	resolve(c, follow);
	if (c->how && fm_is_local(c->path, c->len))
		c->how = 0;
	if (c->how && c->likely) {
		mark(c->path, c->len, c->how);
		c->marked = 1;
	}
}

void fm_change_begin(struct fm_change *c, int dirfd, const char *path, enum fm_follow follow,
		     unsigned how)
{
	const int saved = errno;

	c->how = 0;
	c->marked = c->certain = c->instead = 0;
	c->likely = 1;
	c->dirfd = dirfd;
	c->name = path;
	c->room = NULL;
	if (!fm.image.header)
		return;
	if (!path || !*path) { /* the descriptor itself: AT_EMPTY_PATH */
		if (dirfd >= 0)
			fm_change_descriptor(dirfd, how);
		errno = saved;
		return;
	}
	if (take_room(c) < 0) {
		mark("/", 1, DLFM_DIRTY_TREE); /* not known what: nothing is known */
		c->certain = 1;
	} else {
		c->len = fm_absolute(c->path, dirfd, path);
		find(c, follow, how);
		if ((!c->how || c->marked) && !c->instead)
			give_room_back(c);
	}
	errno = saved;
}

int fm_change_end(struct fm_change *c, int rc)
{
	const int saved = errno;

	if (rc >= 0 && c->how && !c->marked)
		mark(c->path, c->len, c->how);
	give_room_back(c);
	if (rc >= 0 && fm.journal)
		fm_note_record(c->dirfd, c->name, DLFM_REC_WRITE, 0, 0);
	errno = saved;
	return rc;
}

int fm_change_opened(struct fm_change *c, int fd)
{
	const int saved = errno;

	if (fd >= 0 && fm.image.header && !c->certain)
		fm_change_descriptor(fd, DLFM_DIRTY_TREE);
	errno = saved;
	return fm_change_end(c, fd);
}

void fm_change_descriptor(int fd, unsigned how)
{
	char buf[PATH_MAX];
	size_t len;

	if (!fm.image.header)
		return;
	len = fm_descriptor_path(buf, fd, NULL);
	if (len && !fm_is_local(buf, len))
		mark(buf, len, how);
}
