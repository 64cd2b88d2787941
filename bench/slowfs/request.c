/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a request: it arrives, is done, counted and logged, and answered when the model says
 * so. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/slowfs/slowfs.h"

struct slowfs_request slowfs_begin(fuse_req_t req, enum slowfs_kind kind, fuse_ino_t ino,
				   const char *name)
{
	return (struct slowfs_request){req, kind, slowfs_now(), ino, name};
}

static int is_data(enum slowfs_kind kind)
{
	return kind == KIND_READ || kind == KIND_WRITE;
}

static uint64_t service_of(const struct slowfs_request *r, uint64_t bytes)
{
	const struct slowfs_model *m = &slowfs.opt.model;
	uint64_t ns = m->service_ns;

	if (is_data(r->kind)) {
		ns = m->data_service_ns;
		if (m->bandwidth)
			ns += (uint64_t)((double)bytes * 1e9 / (double)m->bandwidth);
	}
	return ns;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

static void pace(const struct slowfs_request *r, uint64_t bytes)
{
	struct slowfs_state *st = slowfs.state;
	int data_queue = is_data(r->kind) && !slowfs.opt.model.one_queue;
	uint64_t service = service_of(r, bytes), answer;

	answer = slowfs_queue(data_queue ? &st->data_free : &st->meta_free, r->arrived, service) +
		 slowfs.opt.model.latency_ns;
	atomic_fetch_add(&st->service_ns, service);
	if (answer > slowfs_now())
		sleep_until(answer);
	atomic_fetch_add(&st->waited_ns, slowfs_now() - r->arrived);
}

static void count(const struct slowfs_request *r, int err, uint64_t bytes)
{
	struct slowfs_state *st = slowfs.state;

	atomic_fetch_add(&st->count[r->kind], 1);
	if (r->kind == KIND_LOOKUP && err == ENOENT)
		atomic_fetch_add(&st->absent, 1);
	if (r->kind == KIND_READ)
		atomic_fetch_add(&st->bytes_read, bytes);
	if (r->kind == KIND_WRITE)
		atomic_fetch_add(&st->bytes_written, bytes);
}

/* kind, errno, pid, path below the source; tabs between them. One write(2) a line: lines of several
 * mounts stay whole. */
static void log_request(const struct slowfs_request *r, int err)
{
	char link[32], dir[PATH_MAX], line[PATH_MAX + 512];
	size_t root = strlen(slowfs.opt.source);
	ssize_t n =
		readlink(slowfs_proc_path(slowfs_inode(r->ino)->fd, link), dir, sizeof(dir) - 1);
	const char *path = dir;
	int len;

	dir[n < 0 ? 0 : n] = '\0';
	if (strncmp(dir, slowfs.opt.source, root) == 0)
		path += root;
	len = snprintf(line, sizeof(line), "%s\t%d\t%d\t%s%s%s\n", slowfs_kind_name(r->kind), err,
		       (int)fuse_req_ctx(r->req)->pid, *path || r->name ? path : "/",
		       r->name ? "/" : "", r->name ? r->name : "");
	if (len > 0 && write(slowfs.log_fd, line, (size_t)len) < 0)
		return; /* a full disk must not stop the file system */
}

int slowfs_end(const struct slowfs_request *r, int err, uint64_t bytes)
{
	count(r, err, bytes);
	if (slowfs.log_fd >= 0)
		log_request(r, err);
	if (r->kind < KIND_UNWAITED)
		pace(r, bytes);
	if (!err)
		return 0;
	fuse_reply_err(r->req, err);
	return 1;
}
