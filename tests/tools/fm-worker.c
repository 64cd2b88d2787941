/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fm-worker: carries out one file system call a line of its standard input, and says what came of
 *it in a line of its standard output: the result, errno, and whatever the call told, as far as it
 *is the same in every run (no inode numbers, no times of now). Fields of a command are separated by
 *tabs.
 *
 *	stat PATH    lstat PATH    ...          one function each: see the table at the end
 *	dir N PATH                              opens PATH as directory descriptor N (0 to 3), for
 *the *at calls fork                                    goes on in a child process
 */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OLD	   1000000000 /* times before this were set on purpose */
#define MAX_FIELDS 6

static int dirs[4] = {AT_FDCWD, AT_FDCWD, AT_FDCWD, AT_FDCWD};
static char *f[MAX_FIELDS]; /* the fields */

/* ---- telling ---- */

static void tell(long rc)
{
	int err = rc < 0 ? errno : 0;

	printf("%d %s", rc < 0 ? -1 : rc > 0, err ? strerrorname_np(err) : "-");
}

static void tell_stat(const struct stat *st)
{
	printf(" mode=%o nlink=%lu uid=%u gid=%u", st->st_mode, (unsigned long)st->st_nlink,
	       st->st_uid, st->st_gid);
	if (!S_ISDIR(st->st_mode))
		printf(" size=%lld", (long long)st->st_size);
	if (st->st_mtime < OLD)
		printf(" mtime=%lld.%09ld", (long long)st->st_mtime, st->st_mtim.tv_nsec);
}

static void tell_result_and_stat(int rc, const struct stat *st)
{
	tell(rc);
	if (rc == 0)
		tell_stat(st);
}

static void tell_contents(int fd)
{
	unsigned long sum = 5381;
	unsigned char c[4096];
	ssize_t n, total = 0;

	while ((n = read(fd, c, sizeof(c))) > 0) {
		total += n;
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 33 + c[i];
	}
	printf(" bytes=%zd sum=%lx", n < 0 ? n : total, sum);
}

/* What one knows of an open file: whether its name and its descriptor agree, attributes, contents.
 */
static void tell_open(int fd, const char *path, int follow)
{
	struct stat by_fd, by_name;

	tell(fd >= 0 ? 0 : -1);
	if (fd < 0)
		return;
	if (fstat(fd, &by_fd) == 0) {
		if (path && (follow ? stat : lstat)(path, &by_name) == 0)
			printf(" same=%d",
			       by_fd.st_dev == by_name.st_dev && by_fd.st_ino == by_name.st_ino &&
				       by_fd.st_size == by_name.st_size &&
				       by_fd.st_mode == by_name.st_mode &&
				       by_fd.st_mtim.tv_nsec == by_name.st_mtim.tv_nsec &&
				       by_fd.st_mtime == by_name.st_mtime);
		if (S_ISREG(by_fd.st_mode))
			tell_contents(fd);
	}
	close(fd);
}

/* ---- asking ---- */

static int dir_of(const char *n)
{
	return dirs[atoi(n) & 3];
}

static void do_stat(void)
{
	struct stat st;

	tell_result_and_stat(stat(f[1], &st), &st);
}

static void do_lstat(void)
{
	struct stat st;

	tell_result_and_stat(lstat(f[1], &st), &st);
}

static void do_fstatat(void)
{
	struct stat st;

	tell_result_and_stat(fstatat(dir_of(f[1]), f[2], &st, atoi(f[3]) ? AT_SYMLINK_NOFOLLOW : 0),
			     &st);
}

static void do_xstat(void)
{
	int (*xstat)(int, const char *, struct stat *) = dlsym(RTLD_DEFAULT, "__xstat");
	struct stat st;

#ifdef __x86_64__
	tell_result_and_stat(xstat(1, f[1], &st), &st);
#else
	tell_result_and_stat(xstat(0, f[1], &st), &st);
#endif
}

static void do_statx(void)
{
	struct statx stx;
	int rc = statx(AT_FDCWD, f[1], atoi(f[2]) ? AT_SYMLINK_NOFOLLOW : 0, STATX_BASIC_STATS,
		       &stx);

	tell(rc);
	if (rc < 0)
		return;
	printf(" mode=%o nlink=%u mask=%x", stx.stx_mode, stx.stx_nlink,
	       stx.stx_mask & STATX_BASIC_STATS);
	if (!S_ISDIR(stx.stx_mode))
		printf(" size=%llu", (unsigned long long)stx.stx_size);
}

/* The other forms of stat, by their names: which of them programs call depends on when they were built. */
static void do_form(void)
{
	typedef int by_path(const char *, struct stat *);
	typedef int by_place(int, const char *, struct stat *, int);
	typedef int by_version(int, const char *, struct stat *);
	typedef int by_version_and_place(int, int, const char *, struct stat *, int);
#ifdef __x86_64__
	const int version = 1;
#else
	const int version = 0;
#endif
	void *form = dlsym(RTLD_DEFAULT, f[1]);
	struct stat st;
	int rc;

	if (strncmp(f[1], "__fxstatat", 10) == 0)
		rc = ((by_version_and_place *)form)(version, AT_FDCWD, f[2], &st, 0);
	else if (f[1][0] == '_')
		rc = ((by_version *)form)(version, f[2], &st);
	else if (strncmp(f[1], "fstatat", 7) == 0)
		rc = ((by_place *)form)(AT_FDCWD, f[2], &st, AT_SYMLINK_NOFOLLOW);
	else
		rc = ((by_path *)form)(f[2], &st);
	tell_result_and_stat(rc, &st);
}

static void do_access(void)
{
	tell(access(f[1], atoi(f[2])));
}

static void do_faccessat(void)
{
	tell(faccessat(dir_of(f[1]), f[2], atoi(f[3]), 0));
}

static void do_readlink(void)
{
	char buf[PATH_MAX];
	ssize_t n = readlink(f[1], buf, (size_t)atoi(f[2]));

	tell(n);
	if (n > 0)
		printf(" %.*s", (int)n, buf);
}

static void do_realpath(void)
{
	char *p = realpath(f[1], NULL);

	tell(p ? 0 : -1);
	if (p)
		printf(" %s", p);
	free(p);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void do_list(void)
{
	char *names[256], *text;
	struct dirent *de;
	struct stat st;
	size_t n = 0, i;
	DIR *d = opendir(f[1]);

	tell(d ? 0 : -1);
	if (!d)
		return;
	while ((de = readdir(d)) && n < 256) {
		int known = fstatat(dirfd(d), de->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0;

		if (asprintf(&text, "%s:%s", de->d_name,
			     !known						   ? "gone"
			     : de->d_type == DT_UNKNOWN				   ? "ok"
			     : (mode_t)DTTOIF(de->d_type) != (st.st_mode & S_IFMT) ? "other"
										   : "ok") < 0)
			exit(1);
		names[n++] = text;
	}
	closedir(d);
	qsort(names, n, sizeof(names[0]), by_name);
	for (i = 0; i < n; i++) {
		printf(" %s", names[i]);
		free(names[i]);
	}
}

static void do_open(void)
{
	int flags = atoi(f[2]);

	/* An O_PATH descriptor is of the original, whatever stat(2) says: a limit that is stated.
	 */
	tell_open(open(f[1], flags, 0644), flags & O_PATH ? NULL : f[1], !(flags & O_NOFOLLOW));
}

static void do_openat(void)
{
	tell_open(openat(dir_of(f[1]), f[2], atoi(f[3]), 0644), NULL, 1);
}

static void do_fopen(void)
{
	FILE *s = fopen(f[1], f[2]);

	tell(s ? 0 : -1);
	if (!s)
		return;
	if (f[2][0] == 'r' && !f[2][1])
		tell_contents(fileno(s));
	else
		fputs("fopen\n", s);
	fclose(s);
}

static void do_getcwd(void)
{
	char buf[PATH_MAX];

	tell(getcwd(buf, sizeof(buf)) ? 0 : -1);
	printf(" %s", buf);
}

static void do_procfd(void)
{
	char link[64], buf[PATH_MAX];
	int fd = open(f[1], O_RDONLY);
	ssize_t n;

	tell(fd < 0 ? -1 : 0);
	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, sizeof(buf));
	printf(" %.*s", (int)n, buf);
	close(fd);
}

/* ---- changing ---- */

static void do_write(void)
{
	int fd = open(f[1], O_WRONLY | atoi(f[2]), 0644);

	tell(fd < 0 ? -1 : 0);
	if (fd < 0)
		return;
	if (write(fd, f[3], strlen(f[3])) < 0)
		printf(" write failed");
	close(fd);
}

static void do_writeat(void)
{
	int fd = openat(dir_of(f[1]), f[2], O_WRONLY | O_CREAT | O_TRUNC, 0644);

	tell(fd < 0 ? -1 : 0);
	if (fd >= 0 && (write(fd, "at", 2) < 0 || close(fd) < 0))
		printf(" write failed");
}

static void do_unlink(void)
{
	tell(unlink(f[1]));
}

static void do_unlinkat(void)
{
	tell(unlinkat(dir_of(f[1]), f[2], atoi(f[3]) ? AT_REMOVEDIR : 0));
}

static void do_remove(void)
{
	tell(remove(f[1]));
}

static void do_rmdir(void)
{
	tell(rmdir(f[1]));
}

static void do_mkdir(void)
{
	tell(mkdir(f[1], 0755));
}

static void do_mkdirat(void)
{
	tell(mkdirat(dir_of(f[1]), f[2], 0755));
}

static void do_rename(void)
{
	tell(rename(f[1], f[2]));
}

static void do_renameat(void)
{
	tell(renameat(dir_of(f[1]), f[2], AT_FDCWD, f[3]));
}

static void do_symlink(void)
{
	tell(symlink(f[1], f[2]));
}

static void do_link(void)
{
	tell(link(f[1], f[2]));
}

static void do_truncate(void)
{
	tell(truncate(f[1], atoi(f[2])));
}

static void do_chmod(void)
{
	tell(chmod(f[1], (mode_t)strtoul(f[2], NULL, 8)));
}

static void do_fchmod(void)
{
	int fd = open(f[1], O_RDONLY);

	tell(fd < 0 ? -1 : fchmod(fd, (mode_t)strtoul(f[2], NULL, 8)));
	if (fd >= 0)
		close(fd);
}

static void do_utime(void)
{
	struct timespec times[2] = {{1000, 1}, {atoi(f[2]), 77}};

	tell(utimensat(AT_FDCWD, f[1], times, 0));
}

static void do_lutime(void)
{
	struct timespec times[2] = {{1000, 1}, {atoi(f[2]), 79}};

	tell(utimensat(AT_FDCWD, f[1], times, AT_SYMLINK_NOFOLLOW));
}

static void do_futimens(void)
{
	struct timespec times[2] = {{1000, 1}, {atoi(f[2]), 78}};
	int fd = open(f[1], O_RDONLY);

	tell(fd < 0 ? -1 : futimens(fd, times));
	if (fd >= 0)
		close(fd);
}

/* By the name in /proc or /dev of a descriptor that was opened for reading. */
static void do_again(void)
{
	struct timespec times[2] = {{1000, 1}, {4711, 79}};
	char again[64];
	int fd = open(f[2], O_RDONLY), second;

	tell(fd < 0 ? -1 : 0);
	if (fd < 0)
		return;
	snprintf(again, sizeof(again), strlen(f[2]) % 2 ? "/proc/self/fd/%d" : "/dev/fd/%d", fd);
	switch (f[1][0]) {
	case 'w':
		second = open(again, O_WRONLY | O_APPEND);
		tell(second < 0 ? -1 : 0);
		if (second >= 0 && (write(second, "again", 5) < 0 || close(second) < 0))
			printf(" write failed");
		break;
	case 't':
		tell(truncate(again, 7));
		break;
	case 'c':
		tell(chmod(again, 0640));
		break;
	case 'u':
		tell(utimensat(AT_FDCWD, again, times, 0));
		break;
	}
	close(fd);
}

static void do_freopen(void)
{
	FILE *s = fopen(f[1], "r"), *again;

	tell(s ? 0 : -1);
	if (!s)
		return;
	again = freopen(NULL, "r+", s);
	tell(again ? 0 : -1);
	if (again) {
		fputs("freopen", again);
		fclose(again);
	}
}

static void do_setxattr(void)
{
	tell(setxattr(f[1], "user.dlfm", "x", 1, 0));
}

static void do_getxattr(void)
{
	int fd = open(f[1], O_RDONLY);
	char value[16], list[1024];
	ssize_t n, size;

	tell(fd);
	if (fd < 0)
		return;
	n = fgetxattr(fd, "user.dlfm", value, sizeof(value));
	tell(n);
	size = flistxattr(fd, list, sizeof(list));
	printf(" %zd %zd %d", n, size, size > 0 && memmem(list, (size_t)size, "user.dlfm", 10));
	close(fd);
}

static void do_mkstemp(void)
{
	char name[PATH_MAX];
	int fd;

	snprintf(name, sizeof(name), "%s.XXXXXX", f[1]);
	fd = mkstemp(name);
	tell(fd < 0 ? -1 : 0);
	if (fd >= 0 && close(fd) == 0 && rename(name, f[1]) < 0)
		printf(" %d", unlink(name)); /* its name is another one in each run */
}

static void do_mkdtemp(void)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s.XXXXXX", f[1]);
	tell(mkdtemp(name) ? 0 : -1);
	if (rename(name, f[1]) < 0)
		rmdir(name);
}

static void do_chdir(void)
{
	tell(chdir(f[1]));
}

static void do_dir(void)
{
	int n = atoi(f[1]) & 3, fd = open(f[2], O_RDONLY | O_DIRECTORY);

	tell(fd < 0 ? -1 : 0);
	if (dirs[n] >= 0)
		close(dirs[n]);
	dirs[n] = fd < 0 ? AT_FDCWD : fd;
}

static void do_fchdir(void)
{
	tell(dir_of(f[1]) < 0 ? 0 : fchdir(dir_of(f[1])));
}

/* The parent waits, so that there is one worker; the child answers. */
static void do_fork(void)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (pid > 0) {
		waitpid(pid, &status, 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
	}
	tell(pid < 0 ? -1 : 0);
}

/* Another process, by vfork, does the deed in another working directory. */
static void do_shell(void)
{
	char command[3 * PATH_MAX];

	snprintf(command, sizeof(command), "{ cd '%s' && echo shell > '%s'; } 2>/dev/null", f[1],
		 f[2]);
	tell(system(command) ? 1 : 0);
}

static const struct {
	const char *name;
	int fields;
	void (*run)(void);
} commands[] = {
	{"stat", 2, do_stat},	      {"lstat", 2, do_lstat},	      {"fstatat", 4, do_fstatat},
	{"xstat", 2, do_xstat},	      {"form", 3, do_form},	      {"statx", 3, do_statx},
	{"access", 3, do_access},     {"faccessat", 4, do_faccessat}, {"readlink", 3, do_readlink},
	{"realpath", 2, do_realpath}, {"list", 2, do_list},	      {"open", 3, do_open},
	{"openat", 4, do_openat},     {"fopen", 3, do_fopen},	      {"getcwd", 1, do_getcwd},
	{"procfd", 2, do_procfd},     {"write", 4, do_write},	      {"writeat", 3, do_writeat},
	{"unlink", 2, do_unlink},     {"unlinkat", 4, do_unlinkat},   {"remove", 2, do_remove},
	{"rmdir", 2, do_rmdir},	      {"mkdir", 2, do_mkdir},	      {"mkdirat", 3, do_mkdirat},
	{"rename", 3, do_rename},     {"renameat", 4, do_renameat},   {"symlink", 3, do_symlink},
	{"link", 3, do_link},	      {"truncate", 3, do_truncate},   {"chmod", 3, do_chmod},
	{"fchmod", 3, do_fchmod},     {"utime", 3, do_utime},	      {"lutime", 3, do_lutime},
	{"futimens", 3, do_futimens}, {"again", 3, do_again},	      {"freopen", 2, do_freopen},
	{"setxattr", 2, do_setxattr}, {"getxattr", 2, do_getxattr},   {"mkstemp", 2, do_mkstemp},
	{"mkdtemp", 2, do_mkdtemp},   {"chdir", 2, do_chdir},	      {"dir", 3, do_dir},
	{"fchdir", 2, do_fchdir},     {"fork", 1, do_fork},	      {"shell", 3, do_shell},
};

static void carry_out(char *line)
{
	int n = 0;
	size_t i;

	for (; line && n < MAX_FIELDS; n++)
		f[n] = strsep(&line, "\t");
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(f[0], commands[i].name) == 0 && n == commands[i].fields) {
			commands[i].run();
			printf("\n");
			fflush(stdout);
			return;
		}
	fprintf(stderr, "fm-worker: what is \"%s\" with %d fields?\n", f[0], n);
	exit(2);
}

int main(void)
{
	char line[4 * PATH_MAX];

	umask(022);
	setvbuf(stdin, NULL, _IONBF, 0); /* a forked child goes on reading where its parent was */
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		carry_out(line);
	}
	return 0;
}
