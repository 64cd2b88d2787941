/* SPDX-License-Identifier: BSD-3-Clause */
/* The state file: mapping, counts, queues. */
#include "bench/slowfs/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct slowfs_state *map(int fd)
{
	int flags = fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
	void *p = mmap(NULL, sizeof(struct slowfs_state), PROT_READ | PROT_WRITE, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void initialise(struct slowfs_state *st)
{
	memcpy(st->magic, SLOWFS_MAGIC, sizeof(st->magic));
	st->version = SLOWFS_VERSION;
	st->n_kinds = KIND_COUNT;
}

static int is_state(const struct slowfs_state *st)
{
	return memcmp(st->magic, SLOWFS_MAGIC, sizeof(st->magic)) == 0 &&
	       st->version == SLOWFS_VERSION && st->n_kinds == KIND_COUNT;
}

/* Sizes a new file, clears the queues if no other mount holds the lock. */
static struct slowfs_state *prepare(int fd)
{
	struct slowfs_state *st;
	struct stat sb;
	int alone = flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (fstat(fd, &sb) < 0)
		return NULL;
	if (sb.st_size == 0 && ftruncate(fd, sizeof(*st)) < 0)
		return NULL;
	if (sb.st_size != 0 && sb.st_size != (off_t)sizeof(*st)) {
		errno = EINVAL;
		return NULL;
	}
	st = map(fd);
	if (!st)
		return NULL;
	if (sb.st_size == 0)
		initialise(st);
	if (alone && is_state(st)) {
		atomic_store(&st->meta_free, 0);
		atomic_store(&st->data_free, 0);
	}
	if (flock(fd, LOCK_SH) < 0)
		return NULL;
	return st;
}

static struct slowfs_state *checked(struct slowfs_state *st, const char *file)
{
	if (st && is_state(st))
		return st;
	fprintf(stderr, "dlfm-slowfs: %s: %s\n", file,
		st || errno == EINVAL ? "not a state file of this version" : strerror(errno));
	return NULL;
}

struct slowfs_state *slowfs_state_open(const char *file)
{
	struct slowfs_state *st;
	int fd;

	if (!file) {
		st = map(-1);
		if (st)
			initialise(st);
		return st;
	}
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	return checked(fd < 0 ? NULL : prepare(fd), file);
}

struct slowfs_state *slowfs_state_view(const char *file)
{
	struct slowfs_state *st = NULL;
	struct stat sb;
	int fd = open(file, O_RDWR | O_CLOEXEC);

	errno = fd < 0 ? errno : EINVAL;
	if (fd >= 0 && fstat(fd, &sb) == 0 && sb.st_size == (off_t)sizeof(*st))
		st = map(fd);
	st = checked(st, file);
	if (fd >= 0)
		close(fd);
	return st;
}

void slowfs_state_reset(struct slowfs_state *st)
{
	for (int i = 0; i < KIND_COUNT; i++)
		atomic_store(&st->count[i], 0);
	atomic_store(&st->absent, 0);
	atomic_store(&st->bytes_read, 0);
	atomic_store(&st->bytes_written, 0);
	atomic_store(&st->service_ns, 0);
	atomic_store(&st->waited_ns, 0);
}

uint64_t slowfs_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t slowfs_queue(_Atomic uint64_t *server_free, uint64_t now, uint64_t service)
{
	uint64_t seen = atomic_load(server_free), done;

	do {
		done = (seen > now ? seen : now) + service;
	} while (!atomic_compare_exchange_weak(server_free, &seen, done));
	return done;
}
