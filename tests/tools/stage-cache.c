/* SPDX-License-Identifier: BSD-3-Clause */
/* stage-cache CACHE DIR LIBDIR [PIECE]: stages by the stager's interface and prints the image;
 * PIECE bytes at a time. */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/stage.h"

int main(int argc, char **argv)
{
	const char *dirs[] = {argc > 2 ? argv[2] : NULL, NULL};
	struct dlfm_stage_options o = {.dirs = dirs, .libdir = argc > 3 ? argv[3] : NULL};
	size_t piece = argc > 4 ? strtoul(argv[4], NULL, 0) : 65536;
	char image[PATH_MAX], *buffer = malloc(piece > 256 ? piece : 256);
	struct dlfm_cache_brief brief;
	struct dlfm_stager *st;
	struct dlfm_error e;
	ssize_t n;
	int fd, rc;

	if (argc < 4 || !buffer)
		errx(2, "usage: stage-cache CACHE DIR LIBDIR [PIECE]");
	fd = open(argv[1], O_RDONLY);
	n = fd < 0 ? -1 : read(fd, buffer, 256);
	if (n < 0)
		err(1, "%s", argv[1]);
	if (dlfm_cache_brief(&brief, buffer, n, &e) < 0)
		errx(1, "%s", e.text);
	rc = dlfm_stager_open(&st, &brief, &o, &e);
	if (rc < 0)
		errx(1, "%s", e.text);
	lseek(fd, 0, SEEK_SET);
	while (rc == DLFM_STAGE_NEEDED && (n = read(fd, buffer, piece)) > 0)
		if (dlfm_stager_feed(st, buffer, n, &e) < 0) {
			dlfm_stager_abort(st);
			errx(1, "%s", e.text);
		}
	if (dlfm_stager_finish(st, image, &e) < 0)
		errx(1, "%s", e.text);
	puts(image);
	free(buffer);
	close(fd);
	return 0;
}
