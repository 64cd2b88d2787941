/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzing what pack reads beside journals: ELF headers (input begins with 0x7f) and policy files. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <stdio.h>
#include <unistd.h>

#include "cache-tools/elf-file.h"
#include "cache-tools/policy.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct dlfm_error e = {""};
	struct dlfm_policy p;
	struct dlfm_elf elf;
	char name[64];

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	fuzz_check(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size,
		   "the file is written");
	if (size > 0 && data[0] == 0x7f) {
		if (dlfm_elf_read(&elf, fd) == 0)
			fuzz_check(!elf.tls || elf.tls_align, "a size of TLS has an alignment");
		return 0;
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	dlfm_policy_default(&p);
	if (dlfm_policy_read(&p, name, &e) < 0)
		fuzz_check(e.text[0], "a refusal says why");
	dlfm_policy_free(&p);
	return 0;
}
