/* SPDX-License-Identifier: BSD-3-Clause */
/* fopen(3), freopen(3): the mode says whether the file is read or changed. */
#include "libdlfm/fm/change.h"

#include <string.h>

typedef FILE *open_function(const char *path, const char *mode);
typedef FILE *reopen_function(const char *path, const char *mode, FILE *stream);

/* As open(2)'s flags, as far as it matters here; -1 for what fopen refuses. */
static int flags_of(const char *mode)
{
	const int plus = mode && strchr(mode, '+') != NULL;

	if (!mode)
		return -1;
	switch (mode[0]) {
	case 'r':
		return plus ? O_RDWR : O_RDONLY;
	case 'w':
		return O_WRONLY | O_CREAT | O_TRUNC;
	case 'a':
		return O_WRONLY | O_CREAT;
	}
	return -1;
}

static unsigned how(int flags)
{
	return flags & O_CREAT ? DLFM_DIRTY_TREE : DLFM_DIRTY_SELF;
}

static void finish(struct fm_change *change, FILE *f)
{
	fm_change_opened(change, f ? fileno(f) : -1);
}

static __attribute__((noinline)) FILE *open_writing(open_function *real, const char *path,
						    const char *mode, int flags)
{
	struct fm_change change;
	FILE *f;

	fm_change_begin(&change, AT_FDCWD, path, FM_FOLLOW_LATER, how(flags));
	f = real(fm_change_path(&change, path), mode);
	finish(&change, f);
	return f;
}

/* The stream of a staged file; *answered if the caller is to have the result, whatever it is. */
static FILE *open_staged(open_function *real, const char *path, const char *mode, int *answered)
{
	struct dlfm_found found = fm_ask(AT_FDCWD, path, 1);
	const int saved = errno;
	const char *staged = fm_staged(found);
	FILE *f;

	*answered = 1;
	if (found.answer == DLFM_ABSENT) {
		errno = found.err;
		return NULL;
	}
	if (staged) {
		f = real(staged, mode);
		if (f)
			fm_count(DLFM_COUNT_OPEN);
		if (f || errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			return f;
		errno = saved;
	}
	*answered = 0;
	return NULL;
}

static FILE *do_open(open_function *real, const char *path, const char *mode)
{
	const int flags = flags_of(mode);
	int answered;
	FILE *f;

	if (!fm_on() || flags < 0)
		return real(path, mode);
	if (flags != O_RDONLY)
		return open_writing(real, path, mode, flags);
	f = open_staged(real, path, mode, &answered);
	if (answered)
		return f;
	f = real(path, mode);
	fm_note(AT_FDCWD, path, DLFM_OP_OPEN, f ? 0 : -1);
	return f;
}

static FILE *reopen_writing(reopen_function *real, const char *path, const char *mode, FILE *stream)
{
	const int flags = flags_of(mode);
	struct fm_change change;
	FILE *f;

	fm_change_begin(&change, AT_FDCWD, path, FM_FOLLOW_LATER, how(flags));
	f = real(fm_change_path(&change, path), mode, stream);
	finish(&change, f);
	return f;
}

/*
 * Without a path, freopen opens the stream's file again, inside libc by the descriptor's name in /proc: of a staged file the
 * original is meant, and any file is marked.
 */
static __attribute__((noinline)) FILE *reopen_itself(reopen_function *real, const char *mode,
						     FILE *stream)
{
	const int flags = flags_of(mode);
	char path[PATH_MAX];
	struct fm_change change = {.dirfd = AT_FDCWD, .name = path};
	int staged = 0;
	FILE *f;

	if (flags == O_RDONLY || !fm_descriptor_path(path, fileno(stream), &staged))
		return real(NULL, mode, stream);
	if (staged)
		return reopen_writing(real, path, mode, stream);
	fm_change_descriptor(fileno(stream), how(flags));
	f = real(NULL, mode, stream);
	finish(&change, f);
	return f;
}

/* A failing freopen has closed the stream already, so that there is no second try: reading is
 * passed on. */
static FILE *do_reopen(reopen_function *real, const char *path, const char *mode, FILE *stream)
{
	const int flags = flags_of(mode);
	FILE *f;

	if (!fm_on() || flags < 0)
		return real(path, mode, stream);
	if (!path)
		return reopen_itself(real, mode, stream);
	if (flags != O_RDONLY)
		return reopen_writing(real, path, mode, stream);
	f = real(path, mode, stream);
	fm_note(AT_FDCWD, path, DLFM_OP_OPEN, f ? 0 : -1);
	return f;
}

FM_EXPORT FILE *fopen(const char *path, const char *mode)
{
	fm_on();
	return do_open(REAL(fopen), path, mode);
}

FM_EXPORT FILE *fopen64(const char *path, const char *mode)
{
	fm_on();
	return do_open(REAL(fopen64), path, mode);
}

FM_EXPORT FILE *freopen(const char *path, const char *mode, FILE *stream)
{
	fm_on();
	return do_reopen(REAL(freopen), path, mode, stream);
}

FM_EXPORT FILE *freopen64(const char *path, const char *mode, FILE *stream)
{
	fm_on();
	return do_reopen(REAL(freopen64), path, mode, stream);
}
