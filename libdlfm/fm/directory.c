/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directory streams: opendir of a recorded directory gives a stream that reads the listing of the
 * image. Such a stream is one of a fixed number of slots, known by its address; when all are in use
 * the real opendir serves.
 *
 * Were a slot given to libc's own readdir (by a program that took it from a dlsym of its own), it
 * would see a stream with descriptor -1 at its start, as glibc's is laid out, and end with EBADF.
 *
 * rewinddir(3) shows a directory as it is by then: if the job has changed it, the slot goes on with a real stream.
 */
#include "libdlfm/fm/fm.h"

#include <stddef.h>
#include <string.h>

enum { SLOTS = 64 };

struct directory {
	int no_fd;	      /* -1: see above */
	char like_glibc[124]; /* zeros: no lock held, nothing buffered */
	uint32_t used;
	uint32_t entry; /* whose listing it is; DLFM_NONE: of a directory that is gone */
	long next;	/* position: 0 is ".", 1 is ".." */
	int fd;		/* what dirfd() opened, else -1 */
	DIR *real;	/* the stream that reads it since rewinddir(), else NULL */
	struct dirent current;
};

static struct directory slots[SLOTS];

static struct directory *slot_of(DIR *dir)
{
	struct directory *d = (void *)dir;

	return d >= slots && d < slots + SLOTS ? d : NULL;
}

/* The stream that the real functions are to be given; NULL: the slot reads the image. */
static DIR *real_stream(DIR *dir)
{
	const struct directory *d = slot_of(dir);

	if (d)
		return d->real;
	fm_on();
	return dir;
}

static struct directory *take_slot(void)
{
	int i;

	for (i = 0; i < SLOTS; i++) {
		uint32_t used = 0;

		if (__atomic_compare_exchange_n(&slots[i].used, &used, 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return &slots[i];
	}
	return NULL;
}

static int can_list(struct dlfm_found found)
{
	const struct dlfm_image_entry *e = fm_entry(found);

	return found.answer == DLFM_PRESENT && e->flags & DLFM_ENTRY_LISTED && fm.access &&
	       e->st.access & R_OK;
}

static DIR *open_slot(uint32_t entry)
{
	struct directory *d = take_slot();

	if (!d)
		return NULL;
	d->no_fd = d->fd = -1;
	d->real = NULL;
	d->entry = entry;
	d->next = 0;
	fm_count(DLFM_COUNT_LIST);
	return (void *)d;
}

FM_EXPORT DIR *opendir(const char *path)
{
	struct dlfm_found found;
	DIR *dir;

	if (!fm_on())
		return REAL(opendir)(path);
	found = fm_ask(AT_FDCWD, path, 1);
	if (found.answer == DLFM_PRESENT && (fm_entry(found)->st.mode & S_IFMT) != S_IFDIR)
		found = (struct dlfm_found){.answer = DLFM_ABSENT, .err = ENOTDIR};
	if (found.answer == DLFM_ABSENT) {
		errno = found.err;
		return NULL;
	}
	if (can_list(found) && (dir = open_slot(found.entry)))
		return dir;
	dir = REAL(opendir)(path);
	fm_note(AT_FDCWD, path, DLFM_OP_LIST, dir ? 0 : -1);
	return dir;
}

static void fill(struct dirent *de, uint64_t ino, unsigned char type, long at, const char *name,
		 size_t len)
{
	const size_t size = offsetof(struct dirent, d_name) + len + 1;

	de->d_ino = ino;
	de->d_off = at;
	de->d_reclen = (unsigned short)((size + 7) / 8 * 8);
	de->d_type = type;
	memcpy(de->d_name, name, len);
	de->d_name[len] = '\0';
}

/* The next entry: first "." and "..", which the index leaves out, then the names. 0 at the end. */
static int next(struct directory *d, struct dirent *de)
{
	const struct dlfm_image_entry *e = dlfm_image_entry(&fm.image, d->entry);
	const struct dlfm_image_entry *up = e ? dlfm_image_entry(&fm.image, e->parent) : NULL;
	const struct dlfm_image_name *n;
	const int up_known = up && up->flags & DLFM_ENTRY_KNOWN;
	const char *name;
	size_t len;

	if (!e)
		return 0;
	if (d->next < 2) {
		d->next++;
		fill(de, d->next == 2 && up_known ? up->st.ino : e->st.ino, DT_DIR, d->next, "..",
		     (size_t)d->next);
		return 1;
	}
	n = dlfm_image_name(&fm.image, e, (uint32_t)(d->next - 2));
	if (!n)
		return 0;
	name = dlfm_image_text(&fm.image, n->name, &len);
	if (len == 0 || len >= sizeof(de->d_name))
		return 0;
	fill(de, n->ino, (unsigned char)n->type, ++d->next, name, len);
	return 1;
}

_Static_assert(sizeof(struct dirent) == sizeof(struct dirent64), "64-bit processors only");

FM_EXPORT struct dirent *readdir(DIR *dir)
{
	struct directory *d = slot_of(dir);
	DIR *real = real_stream(dir);

	if (real)
		return REAL(readdir)(real);
	return next(d, &d->current) ? &d->current : NULL;
}

FM_EXPORT struct dirent64 *readdir64(DIR *dir)
{
	struct directory *d = slot_of(dir);
	DIR *real = real_stream(dir);

	if (real)
		return REAL(readdir64)(real);
	return next(d, &d->current) ? (struct dirent64 *)&d->current : NULL;
}

FM_EXPORT int readdir_r(DIR *dir, struct dirent *entry, struct dirent **result)
{
	struct directory *d = slot_of(dir);
	DIR *real = real_stream(dir);

	if (real)
		return REAL(readdir_r)(real, entry, result);
	*result = next(d, entry) ? entry : NULL;
	return 0;
}

FM_EXPORT int readdir64_r(DIR *dir, struct dirent64 *entry, struct dirent64 **result)
{
	struct directory *d = slot_of(dir);
	DIR *real = real_stream(dir);

	if (real)
		return REAL(readdir64_r)(real, entry, result);
	*result = next(d, (struct dirent *)entry) ? entry : NULL;
	return 0;
}

FM_EXPORT int closedir(DIR *dir)
{
	struct directory *d = slot_of(dir);
	DIR *real = real_stream(dir);
	int fd, rc = 0;

	if (!d)
		return REAL(closedir)(real);
	fd = d->fd;
	__atomic_store_n(&d->used, 0, __ATOMIC_RELEASE);
	if (real)
		rc = REAL(closedir)(real);
	return fd >= 0 && close(fd) != 0 ? -1 : rc;
}

/* Whether the listing is what opendir(3) would find now. */
static int is_current(const struct directory *d)
{
	const struct dlfm_image_entry *e = dlfm_image_entry(&fm.image, d->entry);
	const char *path;
	size_t len;

	if (!e)
		return 1;
	path = dlfm_image_text(&fm.image, e->path, &len);
	return dlfm_image_lookup(&fm.image, path, len, 1).answer == DLFM_PRESENT;
}

static void go_on_with_real(struct directory *d)
{
	const struct dlfm_image_entry *e = dlfm_image_entry(&fm.image, d->entry);
	const int saved = errno;

	d->real = REAL(opendir)(dlfm_image_string(&fm.image, e->path));
	if (!d->real)
		d->entry = DLFM_NONE;
	errno = saved;
}

FM_EXPORT void rewinddir(DIR *dir)
{
	struct directory *d = slot_of(dir);
	DIR *real = real_stream(dir);

	if (real) {
		REAL(rewinddir)(real);
		return;
	}
	d->next = 0;
	if (!is_current(d))
		go_on_with_real(d);
}

FM_EXPORT long telldir(DIR *dir)
{
	DIR *real = real_stream(dir);

	return real ? REAL(telldir)(real) : slot_of(dir)->next;
}

FM_EXPORT void seekdir(DIR *dir, long at)
{
	DIR *real = real_stream(dir);

	if (real)
		REAL(seekdir)(real, at);
	else
		slot_of(dir)->next = at < 0 ? 0 : at;
}

/* Only now a descriptor is needed: the directory's own. */
FM_EXPORT int dirfd(DIR *dir)
{
	struct directory *d = slot_of(dir);
	DIR *real = real_stream(dir);
	const struct dlfm_image_entry *e;

	if (real && (!d || d->fd < 0))
		return REAL(dirfd)(real);
	e = dlfm_image_entry(&fm.image, d->entry);
	if (d->fd < 0 && e)
		d->fd = REAL(open)(dlfm_image_string(&fm.image, e->path),
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return d->fd;
}
