/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Raw system calls for the injected objects: no libc, no errno, no cancellation point.
 *
 * Each returns what the kernel returns: -errno for a failure. Wrappers take the kernel's own
 * structures, which on both processors are those of libc (struct stat, struct timespec, struct
 * rlimit with 64 bits).
 */
#ifndef DLFM_SYS_H
#define DLFM_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>

#if defined(__x86_64__) && !defined(__ILP32__)
static inline long dlfm_sys6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__) && defined(__LP64__)
static inline long dlfm_sys6(long n, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
#error "raw system calls are known for x86_64 and aarch64 only"
#endif

static inline long dlfm_sys3(long n, long a, long b, long c)
{
	return dlfm_sys6(n, a, b, c, 0, 0, 0);
}

static inline int dlfm_sys_open(const char *path, int flags, unsigned mode)
{
	return (int)dlfm_sys6(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
}

static inline int dlfm_sys_close(int fd)
{
	return (int)dlfm_sys3(SYS_close, fd, 0, 0);
}

static inline long dlfm_sys_read(int fd, void *buf, size_t size)
{
	return dlfm_sys3(SYS_read, fd, (long)buf, (long)size);
}

static inline long dlfm_sys_write(int fd, const void *buf, size_t size)
{
	return dlfm_sys3(SYS_write, fd, (long)buf, (long)size);
}

/* NULL for a failure, whatever its reason. */
static inline void *dlfm_sys_mmap(size_t size, int prot, int flags, int fd)
{
	long ret = dlfm_sys6(SYS_mmap, 0, (long)size, prot, flags, fd, 0);

	return ret < 0 && ret > -4096 ? NULL : (void *)ret;
}

static inline int dlfm_sys_munmap(void *addr, size_t size)
{
	return (int)dlfm_sys3(SYS_munmap, (long)addr, (long)size, 0);
}

static inline int dlfm_sys_madvise(void *addr, size_t size, int advice)
{
	return (int)dlfm_sys3(SYS_madvise, (long)addr, (long)size, advice);
}

static inline int dlfm_sys_fstat(int fd, struct stat *st)
{
	return (int)dlfm_sys3(SYS_fstat, fd, (long)st, 0);
}

static inline int dlfm_sys_stat(const char *path, struct stat *st)
{
	return (int)dlfm_sys6(SYS_newfstatat, AT_FDCWD, (long)path, (long)st, 0, 0, 0);
}

static inline int dlfm_sys_statfs(const char *path, struct statfs *fs)
{
	return (int)dlfm_sys3(SYS_statfs, (long)path, (long)fs, 0);
}

static inline int dlfm_sys_access(const char *path, int mode)
{
	return (int)dlfm_sys3(SYS_faccessat, AT_FDCWD, (long)path, mode);
}

static inline long dlfm_sys_readlink(const char *path, char *buf, size_t size)
{
	return dlfm_sys6(SYS_readlinkat, AT_FDCWD, (long)path, (long)buf, (long)size, 0, 0);
}

/* Length with the NUL, as the kernel counts it. */
static inline long dlfm_sys_getcwd(char *buf, size_t size)
{
	return dlfm_sys3(SYS_getcwd, (long)buf, (long)size, 0);
}

static inline int dlfm_sys_fallocate(int fd, uint64_t offset, uint64_t size)
{
	return (int)dlfm_sys6(SYS_fallocate, fd, 0, (long)offset, (long)size, 0, 0);
}

static inline int dlfm_sys_getrlimit(int which, struct rlimit *limit)
{
	return (int)dlfm_sys6(SYS_prlimit64, 0, which, 0, (long)limit, 0, 0);
}

static inline int dlfm_sys_clock(int clock, struct timespec *ts)
{
	return (int)dlfm_sys3(SYS_clock_gettime, clock, (long)ts, 0);
}

static inline int dlfm_sys_uname(struct utsname *name)
{
	return (int)dlfm_sys3(SYS_uname, (long)name, 0, 0);
}

static inline uint32_t dlfm_sys_getpid(void)
{
	return (uint32_t)dlfm_sys3(SYS_getpid, 0, 0, 0);
}

static inline uint32_t dlfm_sys_getppid(void)
{
	return (uint32_t)dlfm_sys3(SYS_getppid, 0, 0, 0);
}

static inline uint32_t dlfm_sys_gettid(void)
{
	return (uint32_t)dlfm_sys3(SYS_gettid, 0, 0, 0);
}

static inline uint32_t dlfm_sys_geteuid(void)
{
	return (uint32_t)dlfm_sys3(SYS_geteuid, 0, 0, 0);
}

/* Can 8 bytes be read at this address? The kernel copies the set in before it refuses `how`. */
static inline int dlfm_sys_readable(const void *addr)
{
	return dlfm_sys6(SYS_rt_sigprocmask, -1, (long)addr, 0, 8, 0, 0) != -14; /* EFAULT */
}

#endif
