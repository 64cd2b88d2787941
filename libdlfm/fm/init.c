/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What this process is to do, found out once: by this object's initialiser, or earlier, by the
 * first call of another object's initialiser.
 */
#include "libdlfm/fm/fm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "libdlfm/environment.h"
#include "libdlfm/fingerprint.h"
#include "libdlfm/sys.h"

struct fm fm;

static void open_journal(const char *dir)
{
	const struct dlfm_journal_process p = {
		.layer = DLFM_LAYER_FM,
		.flags = fm.image.header ? DLFM_JOURNAL_REPLAY : 0,
		.hwcaps = fm.image.header ? fm.image.header->hwcaps : dlfm_hwcaps_level(),
		.ld_library_path = getenv("LD_LIBRARY_PATH"),
		.tunables = getenv("GLIBC_TUNABLES"),
	};

	fm.journal = dlfm_journal_open(dir, &p);
}

static int is_set(const char *value)
{
	return value && *value;
}

/* In a container, another libc may load this object: it shall run its programs, no more. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

static int is_allowed(void)
{
	const char *disable = getenv(DLFM_ENV_DISABLE);

	return gnu_get_libc_version && getauxval(AT_SECURE) == 0 &&
	       (!is_set(disable) || fm_same(disable, "0"));
}

/* A line to DLFM_LOG, if DLFM_DEBUG asks for it: the only thing this object ever writes. */
static void log_start(const char *image)
{
	const char *debug = getenv(DLFM_ENV_DEBUG), *log = getenv(DLFM_ENV_LOG);
	char line[PATH_MAX + 128];
	int fd, n;

	if (!is_set(debug) || fm_same(debug, "0") || !is_set(log))
		return;
	n = snprintf(line, sizeof(line), "libdlfm.so[%u]: image %s: %s, journal: %s\n",
		     dlfm_sys_getpid(), is_set(image) ? image : "none",
		     fm.image.header ? "attached" : "not attached", fm.journal ? "yes" : "no");
	fd = dlfm_sys_open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || n < 0)
		return;
	dlfm_sys_write(fd, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	dlfm_sys_close(fd);
}

static void configure(void)
{
	const char *image = getenv(DLFM_ENV_IMAGE), *journal = getenv(DLFM_ENV_JOURNAL);
	uint32_t uid = dlfm_sys_geteuid();

	if (!is_allowed())
		return;
	if (is_set(image) && dlfm_image_map(&fm.image, image) == 0) {
		fm.image_len = fm.image.header->root_len - (uint32_t)strlen("/root");
		fm.answering = 1;
		fm.access = fm.image.header->packer_uid == uid &&
			    (uint32_t)dlfm_sys3(SYS_getuid, 0, 0, 0) == uid;
	}
	if (is_set(journal))
		open_journal(journal);
	log_start(image);
}

/*
 * The table of real functions may be filled by several threads at once: all write the same. The
 * rest is done by one; whoever comes meanwhile, a signal handler perhaps, asks the file system.
 */
int fm_start(void)
{
	const int saved = errno;
	uint32_t state = FM_NEW;

	if (__atomic_load_n(&fm.state, __ATOMIC_ACQUIRE) == FM_STARTING && REAL(open))
		return 0;
	fm_find_real();
	if (!__atomic_compare_exchange_n(&fm.state, &state, FM_STARTING, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		return state == FM_ACTIVE;
	configure();
	state = fm.image.header || fm.journal ? FM_ACTIVE : FM_ASIDE;
	__atomic_store_n(&fm.state, state, __ATOMIC_RELEASE);
	errno = saved;
	return state == FM_ACTIVE;
}

static __attribute__((constructor)) void start_early(void)
{
	fm_on();
}
