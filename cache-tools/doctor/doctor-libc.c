/* SPDX-License-Identifier: BSD-3-Clause */
/* What glibc, and its ld.so, can do here. */
#include "config.h"

#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/doctor/doctor.h"

void doctor_check_libc(struct doctor *d)
{
	const char *version = gnu_get_libc_version();
	int major = 0, minor = 0;

	sscanf(version, "%d.%d", &major, &minor);
	if (major < 2 || (major == 2 && minor < 17))
		doctor_add(d, DOCTOR_FAIL, "glibc", "use a system with glibc 2.17 or newer",
			   "%s is too old for the injected objects", version);
	else if (major == 2 && minor < 35)
		doctor_add(d, DOCTOR_WARN, "glibc",
			   "where calls are many and short set LD_BIND_NOW=1, or use layers=fm",
			   "%s works, but makes calls between libraries slower while ld.so is "
			   "audited (layer dl)",
			   version);
	else
		doctor_add(d, DOCTOR_OK, "glibc", NULL, "%s", version);
}

/* What the cache's start-up libraries need beyond what ld.so keeps for all; 0: nothing, or no cache. */
static uint64_t needed(const struct doctor *d)
{
	struct dlfm_cache_file f;
	uint64_t bytes;

	if (!d->cache || dlfm_cache_open(&f, d->cache, NULL) < 0)
		return 0;
	bytes = f.cache->static_tls;
	dlfm_cache_close(&f);
	return bytes;
}

void doctor_check_static_tls(struct doctor *d)
{
	static struct doctor_output o;
	char ld[PATH_MAX], text[80] = "";
	const char *argv[] = {ld, "--list-tunables", NULL};
	uint64_t bytes = needed(d);

	if (bytes)
		snprintf(text, sizeof(text), ", and the cache needs %" PRIu64 " bytes", bytes);
	if (doctor_elf_interpreter("/proc/self/exe", ld, sizeof(ld)) < 0) {
		doctor_add(d, DOCTOR_SKIP, "static TLS", NULL, "this dlfm has no ld.so to ask");
		return;
	}
	doctor_run(&o, argv, NULL);
	if (strstr(o.text, "glibc.rtld.optional_static_tls"))
		doctor_add(d, DOCTOR_OK, "static TLS", NULL,
			   "ld.so can be given more of it (glibc.rtld.optional_static_tls)%s",
			   text);
	else if (bytes)
		doctor_add(d, DOCTOR_WARN, "static TLS",
			   "nothing, if the time of the layer fm will do; else use glibc 2.33 or "
			   "newer",
			   "the cache needs %" PRIu64
			   " bytes, and this ld.so cannot be given more: "
			   "the layer dl is left out",
			   bytes);
	else
		doctor_add(d, DOCTOR_WARN, "static TLS",
			   "ask for the cache in question: dlfm doctor CACHE",
			   "this ld.so cannot be given more: applications with much thread-local "
			   "data in start-up libraries run without the layer dl");
}
