/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dlfm-slowfs: a shared file system that can be measured. It passes a directory through, counts
 * every request by kind, and answers as slowly as a busy server would (dlfm-slowfs(1) has the
 * model).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/slowfs/control.h"
#include "bench/slowfs/slowfs.h"

struct slowfs slowfs = {.log_fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

static int fail(const char *what)
{
	fprintf(stderr, "dlfm-slowfs: %s: %s\n", what, strerror(errno));
	return 1;
}

static void op_init(void *data, struct fuse_conn_info *conn)
{
	(void)data;
	conn->want |= conn->capable & FUSE_CAP_PARALLEL_DIROPS;
	conn->max_background = 64; /* the default of 12 would be a limit of its own */
	conn->congestion_threshold = 48;
}

/* A descriptor for every file that the kernel knows: as many as there may be. */
static void raise_limits(void)
{
	struct rlimit lim;

	lim.rlim_cur = lim.rlim_max = 1048576;
	if (setrlimit(RLIMIT_NOFILE, &lim) == 0 || getrlimit(RLIMIT_NOFILE, &lim) < 0)
		return;
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
}

static int open_source(void)
{
	char *real = realpath(slowfs.opt.source, NULL);

	if (!real)
		return fail(slowfs.opt.source);
	slowfs.opt.source = real;
	slowfs.root.fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (slowfs.root.fd < 0)
		return fail(real);
	slowfs.state = slowfs_state_open(slowfs.opt.state_file);
	if (!slowfs.state)
		return 1;
	if (slowfs.opt.log_file) {
		slowfs.log_fd =
			open(slowfs.opt.log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (slowfs.log_fd < 0)
			return fail(slowfs.opt.log_file);
	}
	slowfs.uid = geteuid();
	return 0;
}

static struct fuse_session *new_session(void)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_lowlevel_ops ops = {.init = op_init};
	struct fuse_session *se = NULL;
	char *text = NULL;
	/* The kernel must check permissions where other users than the daemon's come. */
	const char *check = slowfs.opt.access_requests ? "" : ",default_permissions";
	const char *others = slowfs.uid == 0 ? ",allow_other" : "";
	const char *more = slowfs.opt.mount_options;

	slowfs_name_operations(&ops);
	slowfs_dir_operations(&ops);
	slowfs_file_operations(&ops);
	slowfs_change_operations(&ops);
	slowfs_attr_operations(&ops);
	if (asprintf(&text, "-ofsname=%s,subtype=dlfm-slowfs%s%s%s%s", slowfs.opt.source, check,
		     others, more ? "," : "", more ? more : "") < 0)
		return NULL;
	if (fuse_opt_add_arg(&args, "dlfm-slowfs") == 0 && fuse_opt_add_arg(&args, text) == 0)
		se = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	fuse_opt_free_args(&args);
	free(text);
	return se;
}

static int serve(struct fuse_session *se)
{
	struct fuse_loop_config *cfg = fuse_loop_cfg_create();
	int rc;

	if (!cfg)
		return 1;
	fuse_loop_cfg_set_max_threads(cfg, (unsigned)slowfs.opt.threads);
	fuse_loop_cfg_set_idle_threads(cfg, (unsigned)slowfs.opt.threads);
	rc = fuse_session_loop_mt(se, cfg);
	fuse_loop_cfg_destroy(cfg);
	return rc < 0;
}

static int mount_and_serve(struct fuse_session *se)
{
	int rc = 1;

	if (fuse_set_signal_handlers(se) != 0)
		return 1;
	if (fuse_session_mount(se, slowfs.opt.mountpoint) == 0) {
		if (slowfs_parallel_lookups(se) == 0 &&
		    fuse_daemonize(slowfs.opt.foreground) == 0) {
			/* Sleeps of some microseconds; inherited by the threads (prctl(2)). */
			prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
			rc = serve(se);
		}
		fuse_session_unmount(se);
	}
	fuse_remove_signal_handlers(se);
	return rc;
}

int main(int argc, char **argv)
{
	struct fuse_session *se;
	int rc = slowfs_options_parse(&slowfs.opt, argc, argv);

	if (rc != -1)
		return rc;
	if (slowfs.opt.counts_of)
		return slowfs_print_counts(slowfs.opt.counts_of, slowfs.opt.json);
	if (slowfs.opt.reset_of)
		return slowfs_reset_counts(slowfs.opt.reset_of);
	if (open_source() != 0)
		return 1;
	raise_limits();
	umask(0);
	se = new_session();
	if (!se)
		return 1;
	rc = mount_and_serve(se);
	fuse_session_destroy(se);
	return rc;
}
