/* SPDX-License-Identifier: BSD-3-Clause */
/* What the auditor knows of its process without libc: environment, auxiliary vector, executable. */
#include "libdlfm/audit/process.h"

#include <elf.h>
#include <limits.h>
#include <string.h>

#include "libdlfm/audit/path.h"
#include "libdlfm/environment.h"
#include "libdlfm/sys.h"

#define AUXV_MAX 64 /* entries; Linux has about 20 */

static char **environment;
static char program[PATH_MAX];
static struct dlfm_search_env search_env;
static uint64_t node_hwcaps; /* 0: not known without asking the processor */

/* ld.so hands every initialiser the arguments of main() (System V ABI; elf/dl-init.c), and calls it
 * before la_version. */
static __attribute__((constructor)) void remember_environment(int argc, char **argv, char **envp)
{
	(void)argc;
	(void)argv;
	environment = envp;
}

/* The auxiliary vector lies behind the environment. Anything that does not look like one counts as
 * secure. */
static int is_secure(void)
{
	char **end = environment;
	const Elf64_auxv_t *aux;
	int page_size_seen = 0, secure = -1;

	while (*end)
		end++;
	aux = (const Elf64_auxv_t *)(end + 1);
	for (int i = 0; i < AUXV_MAX && aux[i].a_type != AT_NULL; i++) {
		page_size_seen |= aux[i].a_type == AT_PAGESZ;
		if (aux[i].a_type == AT_SECURE)
			secure = aux[i].a_un.a_val != 0;
	}
	return !page_size_seen || secure != 0;
}

const char *audit_getenv(const char *name)
{
	const size_t n = strlen(name);

	for (char **p = environment; *p; p++)
		if (text_begins(*p, name) && (*p)[n] == '=')
			return *p + n + 1;
	return NULL;
}

int audit_process_allowed(void)
{
	const char *disable;

	if (!environment || is_secure())
		return 0;
	disable = audit_getenv(DLFM_ENV_DISABLE);
	return !disable || !*disable || (disable[0] == '0' && !disable[1]);
}

/*
 * Variables that change ld.so's search in some releases of glibc and are no part of the
 * fingerprint: with any of them the environment has none, which a glibc.cpu tunable is the way to
 * say.
 */
static const char *tunables(void)
{
	static const char *const also[] = {"LD_HWCAP_MASK", "LD_ASSUME_KERNEL", "LD_ORIGIN_PATH"};

	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
		if (audit_getenv(also[i]))
			return "glibc.cpu.";
	return audit_getenv("GLIBC_TUNABLES");
}

void audit_know_hwcaps(uint64_t level)
{
	node_hwcaps = level;
}

const struct dlfm_search_env *audit_search_env(void)
{
	if (search_env.program)
		return &search_env;
	const long n = dlfm_sys_readlink("/proc/self/exe", program, sizeof(program) - 1);

	program[n > 0 ? n : 0] = '\0';
	search_env = (struct dlfm_search_env){
		.program = program,
		.ld_library_path = audit_getenv("LD_LIBRARY_PATH"),
		.tunables = tunables(),
		.hwcaps = node_hwcaps ? node_hwcaps : dlfm_hwcaps_level(),
	};
	return &search_env;
}
