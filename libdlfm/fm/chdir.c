/* SPDX-License-Identifier: BSD-3-Clause */
/* chdir(2): only noted, since the working directory is asked of the kernel (place.c). */
#include "libdlfm/fm/fm.h"

static __attribute__((noinline)) int chdir_noted(const char *path)
{
	char buf[PATH_MAX];
	size_t len =
		fm_absolute(buf, AT_FDCWD, path); /* before the working directory is another one */
	int rc = REAL(chdir)(path);
	const int saved = errno;

	if (len && !fm_is_local(buf, len))
		dlfm_journal_add(fm.journal, DLFM_REC_PATH, DLFM_OP_CHDIR, rc < 0 ? saved : 0, buf,
				 len, NULL, 0);
	errno = saved;
	return rc;
}

FM_EXPORT int chdir(const char *path)
{
	return fm_on() && fm.journal ? chdir_noted(path) : REAL(chdir)(path);
}
