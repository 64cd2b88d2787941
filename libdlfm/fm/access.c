/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * access(2), faccessat(2), euidaccess(3). Existence is answered for everybody, the rights to read
 * and execute for the user who packed; the right to write is always the file system's to tell.
 */
#include "libdlfm/fm/fm.h"

static int answer(int dirfd, const char *path, int mode, int flags)
{
	struct dlfm_found found;

	if (!fm_on() || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW) || mode & ~(R_OK | X_OK))
		return FM_PASS;
	if (flags & AT_SYMLINK_NOFOLLOW && mode != F_OK)
		return FM_PASS;
	found = fm_ask(dirfd, path, !(flags & AT_SYMLINK_NOFOLLOW));
	if (found.answer == DLFM_ABSENT)
		return fm_fail(found.err);
	if (found.answer != DLFM_PRESENT || (mode != F_OK && !fm.access))
		return FM_PASS;
	return (fm_entry(found)->st.access & (unsigned)mode) == (unsigned)mode ? 0
									       : fm_fail(EACCES);
}

#define ACCESS_BODY(dirfd, path, mode, flags, call)                                                \
	int rc = answer(dirfd, path, mode, flags);                                                 \
	return rc != FM_PASS ? rc : fm_note(dirfd, path, DLFM_OP_ACCESS, call)

FM_EXPORT int access(const char *path, int mode)
{
	ACCESS_BODY(AT_FDCWD, path, mode, 0, REAL(access)(path, mode));
}

FM_EXPORT int euidaccess(const char *path, int mode)
{
	ACCESS_BODY(AT_FDCWD, path, mode, AT_EACCESS, REAL(euidaccess)(path, mode));
}

FM_EXPORT int eaccess(const char *path, int mode)
{
	ACCESS_BODY(AT_FDCWD, path, mode, AT_EACCESS, REAL(eaccess)(path, mode));
}

FM_EXPORT int faccessat(int dirfd, const char *path, int mode, int flags)
{
	ACCESS_BODY(dirfd, path, mode, flags, REAL(faccessat)(dirfd, path, mode, flags));
}
