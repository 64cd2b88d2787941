/* SPDX-License-Identifier: BSD-3-Clause */
/* The injected objects, copied into the image so that they too cost the file system nothing. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/job-option.h"
#include "cache-tools/stage-private.h"

static const char *const names[] = {"dlfm-audit.so", "libdlfm.so"};

const char *dlfm_libdir(void)
{
	const char *dir = secure_getenv("DLFM_LIBDIR");

	return dir && *dir ? dir : DLFM_PKGLIBDIR;
}

unsigned dlfm_layers_in(const char *libdir)
{
	static const unsigned layers[] = {DLFM_USE_DL, DLFM_USE_FM};
	char path[PATH_MAX];
	unsigned found = 0;
	int i;

	for (i = 0; i < 2; i++)
		if (snprintf(path, sizeof(path), "%s/%s", libdir, names[i]) < (int)sizeof(path) &&
		    access(path, R_OK) == 0)
			found |= layers[i];
	return found;
}

static int copy(int in, int lib, const char *name)
{
	int out = openat(lib, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0500);
	ssize_t n = 1;
	int saved;

	if (out < 0)
		return -1;
	while (n > 0)
		n = sendfile(out, in, NULL, 1 << 20);
	saved = errno;
	close(out);
	errno = saved;
	return n < 0 ? -1 : 0;
}

/* One layer may be left out of a build: then its object is not there. */
static int copy_object(int lib, const char *where, const char *libdir, const char *name,
		       struct dlfm_error *e)
{
	char path[PATH_MAX];
	int in, rc;

	if (snprintf(path, sizeof(path), "%s/%s", libdir, name) >= (int)sizeof(path))
		return dlfm_errf(e, "%.100s...: the path is too long", libdir);
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0 && errno == ENOENT)
		return 0;
	if (in < 0)
		return dlfm_errnof(e, "%s", path);
	rc = copy(in, lib, name);
	if (rc < 0)
		stage_failed(where, "copy", path, e);
	close(in);
	return rc;
}

int stage_check_objects(const char *libdir, struct dlfm_error *e)
{
	if (dlfm_layers_in(libdir))
		return 0;
	return dlfm_errf(e,
			 "neither %s nor %s is in %s: DLFM is not installed as it was configured; "
			 "reinstall it, or set DLFM_LIBDIR",
			 names[0], names[1], libdir);
}

int stage_copy_objects(int temp, const char *where, const char *libdir, struct dlfm_error *e)
{
	int lib, i, rc = 0;

	if (mkdirat(temp, "lib", 0700) < 0)
		return stage_failed(where, "make", "lib", e);
	lib = openat(temp, "lib", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (lib < 0)
		return stage_failed(where, "open", "lib", e);
	for (i = 0; i < 2 && rc == 0; i++)
		rc = copy_object(lib, where, libdir, names[i], e);
	close(lib);
	return rc;
}
