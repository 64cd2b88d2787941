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

struct mapping {
	void *at;
	size_t size;
};

/* Only a file of the user's own, that nobody else can write, is believed. */
static int is_trusted(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == dlfm_sys_geteuid() && !(st->st_mode & 022) &&
	       st->st_size > 0;
}

static int map_file(struct mapping *m, const char *dir, const char *name, int writable)
{
	const int prot = PROT_READ | (writable ? PROT_WRITE : 0);
	char path[PATH_MAX];
	struct stat st;
	int fd, rc = -1;

	if (strlen(dir) + strlen(name) >= sizeof(path))
		return -1;
	strcpy(stpcpy(path, dir), name);
	fd = dlfm_sys_open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return -1;
	if (dlfm_sys_fstat(fd, &st) == 0 && is_trusted(&st)) {
		m->size = (size_t)st.st_size;
		m->at = dlfm_sys_mmap(m->size, prot, MAP_SHARED, fd);
		rc = m->at ? 0 : -1;
	}
	dlfm_sys_close(fd);
	return rc;
}

static int attach(const char *dir)
{
	struct mapping index = {NULL, 0}, dirty = {NULL, 0};

	if (map_file(&index, dir, "/index", 0) == 0 && map_file(&dirty, dir, "/dirty", 1) == 0 &&
	    dlfm_image_attach(&fm.image, index.at, index.size, dirty.at, dirty.size) == 0 &&
	    fm.image.header->root_len > strlen("/root")) {
		fm.image_len = fm.image.header->root_len - (uint32_t)strlen("/root");
		return 0;
	}
	fm.image.header = NULL;
	if (index.at)
		dlfm_sys_munmap(index.at, index.size);
	if (dirty.at)
		dlfm_sys_munmap(dirty.at, dirty.size);
	return -1;
}

static void open_journal(const char *dir)
{
	char program[PATH_MAX], cwd[PATH_MAX];
	struct utsname node;
	struct dlfm_journal_process p = {
		.layer = DLFM_LAYER_FM,
		.flags = fm.image.header ? DLFM_JOURNAL_REPLAY : 0,
		.hwcaps = dlfm_hwcaps_level(),
		.ld_library_path = getenv("LD_LIBRARY_PATH"),
		.tunables = getenv("GLIBC_TUNABLES"),
	};
	long n = dlfm_sys_readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (n > 0) {
		program[n] = '\0';
		p.program = program;
	}
	if (dlfm_sys_uname(&node) == 0)
		p.node = node.nodename;
	if (dlfm_sys_getcwd(cwd, sizeof(cwd)) > 0)
		p.cwd = cwd;
	fm.journal = dlfm_journal_open(dir, &p);
}

static int is_set(const char *value)
{
	return value && *value;
}

static int is_allowed(void)
{
	const char *disable = getenv(DLFM_ENV_DISABLE);

	return getauxval(AT_SECURE) == 0 && (!is_set(disable) || strcmp(disable, "0") == 0);
}

/* A line to DLFM_LOG, if DLFM_DEBUG asks for it: the only thing this object ever writes. */
static void log_start(const char *image)
{
	const char *debug = getenv(DLFM_ENV_DEBUG), *log = getenv(DLFM_ENV_LOG);
	char line[PATH_MAX + 128];
	int fd, n;

	if (!is_set(debug) || strcmp(debug, "0") == 0 || !is_set(log))
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
	if (is_set(image) && attach(image) == 0) {
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
