/* SPDX-License-Identifier: BSD-3-Clause */
/* What a node image asks of the environment of its tasks; by itself, as plugins need no more of staging. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/stage.h"
#include "libdlfm/image.h"

uint64_t dlfm_image_static_tls(const char *image)
{
	char name[PATH_MAX + 8];
	struct dlfm_image_header h;
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "%s/index", image);
	fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, &h, sizeof(h));
	close(fd);
	if (n != sizeof(h) || memcmp(h.magic, DLFM_IMAGE_MAGIC, sizeof(h.magic)) != 0)
		return 0;
	return h.static_tls;
}
