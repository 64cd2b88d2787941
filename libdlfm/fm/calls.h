/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every function that libdlfm.so puts itself in front of: X(result, name, parameters). One list for
 * the table of real functions, and for the test that compares it with what programs bind.
 *
 * Which forms exist: open(2) with the fortified __open_2 and the 64-bit names; stat(2) by its own
 * name (a dynamic symbol since glibc 2.33) and as __xstat(ver) before. fstat by descriptor is not
 * here: it needs no path.
 */
#ifndef DLFM_FM_CALLS_H
#define DLFM_FM_CALLS_H

/* clang-format off */
#define DLFM_FM_READING_CALLS(X) \
	X(int, open, (const char *path, int flags, ...)) \
	X(int, open64, (const char *path, int flags, ...)) \
	X(int, openat, (int dirfd, const char *path, int flags, ...)) \
	X(int, openat64, (int dirfd, const char *path, int flags, ...)) \
	X(int, __open_2, (const char *path, int flags)) \
	X(int, __open64_2, (const char *path, int flags)) \
	X(int, __openat_2, (int dirfd, const char *path, int flags)) \
	X(int, __openat64_2, (int dirfd, const char *path, int flags)) \
	X(FILE *, fopen, (const char *path, const char *mode)) \
	X(FILE *, fopen64, (const char *path, const char *mode)) \
	X(FILE *, freopen, (const char *path, const char *mode, FILE *stream)) \
	X(FILE *, freopen64, (const char *path, const char *mode, FILE *stream)) \
	X(int, stat, (const char *path, struct stat *st)) \
	X(int, stat64, (const char *path, struct stat64 *st)) \
	X(int, lstat, (const char *path, struct stat *st)) \
	X(int, lstat64, (const char *path, struct stat64 *st)) \
	X(int, fstatat, (int dirfd, const char *path, struct stat *st, int flags)) \
	X(int, fstatat64, (int dirfd, const char *path, struct stat64 *st, int flags)) \
	X(int, __xstat, (int ver, const char *path, struct stat *st)) \
	X(int, __xstat64, (int ver, const char *path, struct stat64 *st)) \
	X(int, __lxstat, (int ver, const char *path, struct stat *st)) \
	X(int, __lxstat64, (int ver, const char *path, struct stat64 *st)) \
	X(int, __fxstatat, (int ver, int dirfd, const char *path, struct stat *st, int flags)) \
	X(int, __fxstatat64, (int ver, int dirfd, const char *path, struct stat64 *st, int flags)) \
	X(int, statx, (int dirfd, const char *path, int flags, unsigned mask, struct statx *stx)) \
	X(int, access, (const char *path, int mode)) \
	X(int, euidaccess, (const char *path, int mode)) \
	X(int, eaccess, (const char *path, int mode)) \
	X(int, faccessat, (int dirfd, const char *path, int mode, int flags)) \
	X(ssize_t, readlink, (const char *path, char *buf, size_t size)) \
	X(ssize_t, readlinkat, (int dirfd, const char *path, char *buf, size_t size)) \
	X(ssize_t, __readlink_chk, (const char *path, char *buf, size_t size, size_t room)) \
	X(ssize_t, __readlinkat_chk, (int dirfd, const char *path, char *buf, size_t size, size_t room)) \
	X(char *, realpath, (const char *path, char *resolved)) \
	X(char *, __realpath_chk, (const char *path, char *resolved, size_t room)) \
	X(char *, canonicalize_file_name, (const char *path)) \
	X(DIR *, opendir, (const char *path)) \
	X(struct dirent *, readdir, (DIR *dir)) \
	X(struct dirent64 *, readdir64, (DIR *dir)) \
	X(int, readdir_r, (DIR *dir, struct dirent *entry, struct dirent **result)) \
	X(int, readdir64_r, (DIR *dir, struct dirent64 *entry, struct dirent64 **result)) \
	X(int, closedir, (DIR *dir)) \
	X(void, rewinddir, (DIR *dir)) \
	X(long, telldir, (DIR *dir)) \
	X(void, seekdir, (DIR *dir, long at)) \
	X(int, dirfd, (DIR *dir)) \
	X(ssize_t, fgetxattr, (int fd, const char *name, void *value, size_t size)) \
	X(ssize_t, flistxattr, (int fd, char *list, size_t size)) \
	X(int, chdir, (const char *path)) \
	X(int, flock, (int fd, int operation))

#define DLFM_FM_WRITING_CALLS(X) \
	X(int, creat, (const char *path, mode_t mode)) \
	X(int, creat64, (const char *path, mode_t mode)) \
	X(int, mkstemp, (char *name)) \
	X(int, mkstemp64, (char *name)) \
	X(int, mkostemp, (char *name, int flags)) \
	X(int, mkostemp64, (char *name, int flags)) \
	X(int, mkstemps, (char *name, int suffix)) \
	X(int, mkstemps64, (char *name, int suffix)) \
	X(int, mkostemps, (char *name, int suffix, int flags)) \
	X(int, mkostemps64, (char *name, int suffix, int flags)) \
	X(char *, mkdtemp, (char *name)) \
	X(int, rename, (const char *from, const char *to)) \
	X(int, renameat, (int fromfd, const char *from, int tofd, const char *to)) \
	X(int, renameat2, (int fromfd, const char *from, int tofd, const char *to, unsigned flags)) \
	X(int, link, (const char *from, const char *to)) \
	X(int, linkat, (int fromfd, const char *from, int tofd, const char *to, int flags)) \
	X(int, symlink, (const char *target, const char *path)) \
	X(int, symlinkat, (const char *target, int dirfd, const char *path)) \
	X(int, unlink, (const char *path)) \
	X(int, unlinkat, (int dirfd, const char *path, int flags)) \
	X(int, remove, (const char *path)) \
	X(int, rmdir, (const char *path)) \
	X(int, mkdir, (const char *path, mode_t mode)) \
	X(int, mkdirat, (int dirfd, const char *path, mode_t mode)) \
	X(int, mkfifo, (const char *path, mode_t mode)) \
	X(int, mkfifoat, (int dirfd, const char *path, mode_t mode)) \
	X(int, mknod, (const char *path, mode_t mode, dev_t dev)) \
	X(int, mknodat, (int dirfd, const char *path, mode_t mode, dev_t dev)) \
	X(int, __xmknod, (int ver, const char *path, mode_t mode, dev_t *dev)) \
	X(int, __xmknodat, (int ver, int dirfd, const char *path, mode_t mode, dev_t *dev)) \
	X(int, bind, (int fd, const struct sockaddr *address, socklen_t size)) \
	X(int, truncate, (const char *path, off_t size)) \
	X(int, truncate64, (const char *path, off64_t size)) \
	X(int, chmod, (const char *path, mode_t mode)) \
	X(int, lchmod, (const char *path, mode_t mode)) \
	X(int, fchmodat, (int dirfd, const char *path, mode_t mode, int flags)) \
	X(int, fchmod, (int fd, mode_t mode)) \
	X(int, chown, (const char *path, uid_t uid, gid_t gid)) \
	X(int, lchown, (const char *path, uid_t uid, gid_t gid)) \
	X(int, fchownat, (int dirfd, const char *path, uid_t uid, gid_t gid, int flags)) \
	X(int, fchown, (int fd, uid_t uid, gid_t gid)) \
	X(int, utime, (const char *path, const struct utimbuf *times)) \
	X(int, utimes, (const char *path, const struct timeval times[2])) \
	X(int, lutimes, (const char *path, const struct timeval times[2])) \
	X(int, futimesat, (int dirfd, const char *path, const struct timeval times[2])) \
	X(int, utimensat, (int dirfd, const char *path, const struct timespec times[2], int flags)) \
	X(int, futimens, (int fd, const struct timespec times[2])) \
	X(int, futimes, (int fd, const struct timeval times[2])) \
	X(int, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags)) \
	X(int, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags)) \
	X(int, fsetxattr, (int fd, const char *name, const void *value, size_t size, int flags)) \
	X(int, removexattr, (const char *path, const char *name)) \
	X(int, lremovexattr, (const char *path, const char *name)) \
	X(int, fremovexattr, (int fd, const char *name)) \
	X(int, posix_spawn_file_actions_addopen, (posix_spawn_file_actions_t *actions, int fd, const char *path, int flags, mode_t mode))

/* After these the recorded answers may not be this process's any more: other rights, another view
 * of the file system. */
#define DLFM_FM_IDENTITY_CALLS(X) \
	X(int, setuid, (uid_t uid)) \
	X(int, seteuid, (uid_t uid)) \
	X(int, setreuid, (uid_t ruid, uid_t euid)) \
	X(int, setresuid, (uid_t ruid, uid_t euid, uid_t suid)) \
	X(int, setgid, (gid_t gid)) \
	X(int, setegid, (gid_t gid)) \
	X(int, setregid, (gid_t rgid, gid_t egid)) \
	X(int, setresgid, (gid_t rgid, gid_t egid, gid_t sgid)) \
	X(int, setfsuid, (uid_t uid)) \
	X(int, setfsgid, (gid_t gid)) \
	X(int, setgroups, (size_t n, const gid_t *groups)) \
	X(int, initgroups, (const char *user, gid_t group)) \
	X(int, chroot, (const char *path)) \
	X(int, unshare, (int flags)) \
	X(int, setns, (int fd, int type)) \
	X(int, mount, (const char *source, const char *target, const char *type, unsigned long flags, const void *data)) \
	X(int, umount, (const char *target)) \
	X(int, umount2, (const char *target, int flags))

/* Ways into a container. */
#define DLFM_FM_STARTING_CALLS(X) \
	X(int, execve, (const char *path, char *const argv[], char *const envp[])) \
	X(int, execv, (const char *path, char *const argv[])) \
	X(int, execvp, (const char *file, char *const argv[])) \
	X(int, execvpe, (const char *file, char *const argv[], char *const envp[]))
/* clang-format on */

#define DLFM_FM_CALLS(X)                                                                           \
	DLFM_FM_READING_CALLS(X)                                                                   \
	DLFM_FM_WRITING_CALLS(X) DLFM_FM_IDENTITY_CALLS(X) DLFM_FM_STARTING_CALLS(X)

#endif
