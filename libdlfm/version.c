/* SPDX-License-Identifier: BSD-3-Clause */
/* Which DLFM an injected object is of: an ELF note (elf(5)) that dlfm doctor reads from the file. */
#include "config.h"

#include "libdlfm/version.h"

#include <stdint.h>

static const struct {
	uint32_t name_size, text_size, type;
	char name[(sizeof(DLFM_NOTE_NAME) + 3) & ~3u];
	char text[(sizeof(PACKAGE_VERSION) + 3) & ~3u];
} note __attribute__((used, aligned(4), section(".note.dlfm"))) = {
	sizeof(DLFM_NOTE_NAME), sizeof(PACKAGE_VERSION), DLFM_NOTE_VERSION,
	DLFM_NOTE_NAME,		PACKAGE_VERSION,
};
