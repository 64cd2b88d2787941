/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fm-forms FORM PATH [PATH2]: calls one exported form of a file system function, found by its very name, and prints
 * its result and errno. fm-forms -r and -w list the forms that read and those that change; exit status 3: this libc
 * has no such form.
 */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libdlfm/fm/calls.h"

#ifdef __x86_64__
#define STAT_VERSION 1
#else
#define STAT_VERSION 0
#endif

struct statx;
struct utimbuf;

static const char *path, *path2;
static char name[PATH_MAX]; /* a template for mkstemp and kin */
static union {
	struct stat st;
	char bytes[512]; /* struct statx is larger */
} st;
static const struct timespec ns[2] = {{1000, 5}, {1001, 6}};
static const struct timeval us[2] = {{1000, 5}, {1001, 6}};

/* The function by its name: no header may turn it into another one. */
#define X(result, fn, params) static result(*p_##fn) params;
DLFM_FM_CALLS(X)
#undef X

static long pointer(const void *p)
{
	return p ? 0 : -1;
}

static char buf[PATH_MAX];

static long list(DIR *dir, int which)
{
	struct dirent64 *e64 = NULL, r64;
	struct dirent *e = NULL, r;
	long n = 0;

	if (!dir)
		return -1;
	for (;; n++) {
		switch (which) {
		case 0:
			e = p_readdir(dir);
			break;
		case 1:
			e = (void *)p_readdir64(dir);
			break;
		case 2:
			p_readdir_r(dir, &r, &e);
			break;
		case 3:
			p_readdir64_r(dir, &r64, &e64);
			e = (void *)e64;
			break;
		}
		if (!e)
			break;
	}
	p_closedir(dir);
	return n;
}

static long descriptor(int fd)
{
	return fd < 0 ? -1 : 0;
}

static int of_path(void)
{
	return p_open(path, O_RDONLY);
}

static long bind_to(const char *to)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(un.sun_path, to, sizeof(un.sun_path) - 1);
	return p_bind(fd, (void *)&un, sizeof(un));
}

static long spawn_writing(void)
{
	posix_spawn_file_actions_t actions;
	char *const argv[] = {(char *)"true", NULL};
	int status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	p_posix_spawn_file_actions_addopen(&actions, 1, path, O_WRONLY | O_TRUNC, 0644);
	errno = posix_spawnp(&pid, "true", &actions, NULL, argv, NULL);
	if (errno)
		return -1;
	waitpid(pid, &status, 0);
	return status;
}

static dev_t no_device;

/* clang-format off */
#define READING(X) \
	X(open, descriptor(p_open(path, O_RDONLY))) \
	X(open64, descriptor(p_open64(path, O_RDONLY))) \
	X(openat, descriptor(p_openat(AT_FDCWD, path, O_RDONLY))) \
	X(openat64, descriptor(p_openat64(AT_FDCWD, path, O_RDONLY))) \
	X(__open_2, descriptor(p___open_2(path, O_RDONLY))) \
	X(__open64_2, descriptor(p___open64_2(path, O_RDONLY))) \
	X(__openat_2, descriptor(p___openat_2(AT_FDCWD, path, O_RDONLY))) \
	X(__openat64_2, descriptor(p___openat64_2(AT_FDCWD, path, O_RDONLY))) \
	X(fopen, pointer(p_fopen(path, "r"))) \
	X(fopen64, pointer(p_fopen64(path, "rb"))) \
	X(stat, p_stat(path, &st.st)) \
	X(stat64, p_stat64(path, (void *)&st)) \
	X(lstat, p_lstat(path, &st.st)) \
	X(lstat64, p_lstat64(path, (void *)&st)) \
	X(fstatat, p_fstatat(AT_FDCWD, path, &st.st, 0)) \
	X(fstatat64, p_fstatat64(AT_FDCWD, path, (void *)&st, AT_SYMLINK_NOFOLLOW)) \
	X(__xstat, p___xstat(STAT_VERSION, path, &st.st)) \
	X(__xstat64, p___xstat64(STAT_VERSION, path, (void *)&st)) \
	X(__lxstat, p___lxstat(STAT_VERSION, path, &st.st)) \
	X(__lxstat64, p___lxstat64(STAT_VERSION, path, (void *)&st)) \
	X(__fxstatat, p___fxstatat(STAT_VERSION, AT_FDCWD, path, &st.st, 0)) \
	X(__fxstatat64, p___fxstatat64(STAT_VERSION, AT_FDCWD, path, (void *)&st, 0)) \
	X(statx, p_statx(AT_FDCWD, path, 0, 0x7ff, (void *)&st)) \
	X(access, p_access(path, R_OK)) \
	X(euidaccess, p_euidaccess(path, F_OK)) \
	X(eaccess, p_eaccess(path, R_OK)) \
	X(faccessat, p_faccessat(AT_FDCWD, path, R_OK, 0)) \
	X(readlink, p_readlink(path, buf, sizeof(buf))) \
	X(readlinkat, p_readlinkat(AT_FDCWD, path, buf, sizeof(buf))) \
	X(__readlink_chk, p___readlink_chk(path, buf, sizeof(buf), sizeof(buf))) \
	X(__readlinkat_chk, p___readlinkat_chk(AT_FDCWD, path, buf, sizeof(buf), sizeof(buf))) \
	X(realpath, pointer(p_realpath(path, NULL))) \
	X(__realpath_chk, pointer(p___realpath_chk(path, buf, sizeof(buf)))) \
	X(canonicalize_file_name, pointer(p_canonicalize_file_name(path))) \
	X(readdir, list(p_opendir(path), 0)) \
	X(readdir64, list(p_opendir(path), 1)) \
	X(readdir_r, list(p_opendir(path), 2)) \
	X(readdir64_r, list(p_opendir(path), 3))

#define WRITING(X) \
	X(open, descriptor(p_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600))) \
	X(open64, descriptor(p_open64(path, O_WRONLY | O_CREAT | O_TRUNC, 0600))) \
	X(openat, descriptor(p_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600))) \
	X(openat64, descriptor(p_openat64(AT_FDCWD, path, O_RDWR | O_CREAT | O_TRUNC, 0600))) \
	X(__open_2, descriptor(p___open_2(path, O_WRONLY | O_TRUNC))) \
	X(__open64_2, descriptor(p___open64_2(path, O_WRONLY | O_TRUNC))) \
	X(__openat_2, descriptor(p___openat_2(AT_FDCWD, path, O_RDWR | O_TRUNC))) \
	X(__openat64_2, descriptor(p___openat64_2(AT_FDCWD, path, O_RDWR | O_TRUNC))) \
	X(creat, descriptor(p_creat(path, 0640))) \
	X(creat64, descriptor(p_creat64(path, 0640))) \
	X(fopen, pointer(p_fopen(path, "w"))) \
	X(fopen64, pointer(p_fopen64(path, "w+"))) \
	X(freopen, pointer(p_freopen(path, "w", stdin))) \
	X(freopen64, pointer(p_freopen64(path, "w", stdin))) \
	X(mkstemp, descriptor(p_mkstemp(name))) \
	X(mkstemp64, descriptor(p_mkstemp64(name))) \
	X(mkostemp, descriptor(p_mkostemp(name, O_CLOEXEC))) \
	X(mkostemp64, descriptor(p_mkostemp64(name, 0))) \
	X(mkstemps, descriptor(p_mkstemps(name, 0))) \
	X(mkstemps64, descriptor(p_mkstemps64(name, 0))) \
	X(mkostemps, descriptor(p_mkostemps(name, 0, 0))) \
	X(mkostemps64, descriptor(p_mkostemps64(name, 0, 0))) \
	X(mkdtemp, pointer(p_mkdtemp(name))) \
	X(rename, p_rename(path, path2)) \
	X(renameat, p_renameat(AT_FDCWD, path, AT_FDCWD, path2)) \
	X(renameat2, p_renameat2(AT_FDCWD, path, AT_FDCWD, path2, 0)) \
	X(link, p_link(path, path2)) \
	X(linkat, p_linkat(AT_FDCWD, path, AT_FDCWD, path2, 0)) \
	X(symlink, p_symlink("a", path2)) \
	X(symlinkat, p_symlinkat("a", AT_FDCWD, path2)) \
	X(unlink, p_unlink(path)) \
	X(unlinkat, p_unlinkat(AT_FDCWD, path, 0)) \
	X(remove, p_remove(path)) \
	X(rmdir, p_rmdir(path)) \
	X(mkdir, p_mkdir(path2, 0700)) \
	X(mkdirat, p_mkdirat(AT_FDCWD, path2, 0700)) \
	X(mkfifo, p_mkfifo(path2, 0700)) \
	X(mkfifoat, p_mkfifoat(AT_FDCWD, path2, 0700)) \
	X(mknod, p_mknod(path2, S_IFREG | 0600, 0)) \
	X(mknodat, p_mknodat(AT_FDCWD, path2, S_IFREG | 0600, 0)) \
	X(__xmknod, p___xmknod(0, path2, S_IFREG | 0600, &no_device)) \
	X(__xmknodat, p___xmknodat(0, AT_FDCWD, path2, S_IFREG | 0600, &no_device)) \
	X(bind, bind_to(path2)) \
	X(truncate, p_truncate(path, 3)) \
	X(truncate64, p_truncate64(path, 3)) \
	X(chmod, p_chmod(path, 0400)) \
	X(lchmod, p_lchmod(path, 0400)) \
	X(fchmodat, p_fchmodat(AT_FDCWD, path, 0400, 0)) \
	X(fchmod, p_fchmod(of_path(), 0400)) \
	X(chown, p_chown(path, 1, 1)) \
	X(lchown, p_lchown(path, 1, 1)) \
	X(fchownat, p_fchownat(AT_FDCWD, path, 1, 1, 0)) \
	X(fchown, p_fchown(of_path(), 1, 1)) \
	X(utime, p_utime(path, NULL)) \
	X(utimes, p_utimes(path, us)) \
	X(lutimes, p_lutimes(path, us)) \
	X(futimesat, p_futimesat(AT_FDCWD, path, us)) \
	X(utimensat, p_utimensat(AT_FDCWD, path, ns, 0)) \
	X(futimens, p_futimens(of_path(), ns)) \
	X(futimes, p_futimes(of_path(), us)) \
	X(setxattr, p_setxattr(path, "user.a", "b", 1, 0)) \
	X(lsetxattr, p_lsetxattr(path, "user.a", "b", 1, 0)) \
	X(fsetxattr, p_fsetxattr(of_path(), "user.a", "b", 1, 0)) \
	X(removexattr, p_removexattr(path, "user.here")) \
	X(lremovexattr, p_lremovexattr(path, "user.here")) \
	X(fremovexattr, p_fremovexattr(of_path(), "user.here")) \
	X(posix_spawn_file_actions_addopen, spawn_writing())
/* clang-format on */

static void show(long rc)
{
	int error = errno;

	if (rc < 0)
		printf("failed %s\n", strerrorname_np(error));
	else
		printf("ok %ld\n", rc);
	fflush(stdout);
	_exit(0);
}

static void look_up(void)
{
#define X(result, fn, params) *(void **)&p_##fn = dlsym(RTLD_DEFAULT, #fn);
	DLFM_FM_CALLS(X)
#undef X
}

int main(int argc, char **argv)
{
	look_up();
	if (argc == 2 && strcmp(argv[1], "-r") == 0) {
#define X(fn, call) puts(#fn);
		READING(X)
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "-w") == 0) {
		WRITING(X)
#undef X
		return 0;
	}
	if (argc < 4)
		errx(2, "usage: fm-forms -r|-w | r|w FORM PATH [PATH2]");
	path = argv[3];
	path2 = argv[4];
	snprintf(name, sizeof(name), "%.*s/zXXXXXX", (int)(strrchr(path, '/') - path), path);
	errno = 0;
#define X(fn, call)                                                                                \
	if (strcmp(argv[2], #fn) == 0) {                                                           \
		if (!p_##fn)                                                                       \
			return 3;                                                                  \
		show(call);                                                                        \
	}
	if (argv[1][0] == 'r') {
		READING(X)
	} else {
		WRITING(X)
	}
	errx(2, "no form %s", argv[2]);
}
