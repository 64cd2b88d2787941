/* SPDX-License-Identifier: BSD-3-Clause */
/* Sweeping: what killed jobs and killed builders left in the staging directories. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/lease.h"

/* A user can stop the process that sweeps for him, or fill his store faster than it is emptied: for so long root waits. */
enum { USER_SECONDS = 60, NOBODY = 65534 };

struct sweep {
	unsigned age; /* seconds */
	int all;      /* leased and mapped ones, too */
};

static int is_journal(const char *name)
{
	return strncmp(name, DLFM_STORE_JOURNAL, strlen(DLFM_STORE_JOURNAL)) == 0;
}

/* What is younger than now is so because the clock was set back: for how much longer it would stay nobody knows. */
static int is_old(int fd, const char *name, unsigned age)
{
	struct stat st;
	time_t now = time(NULL);

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (age == 0 || st.st_mtime + (time_t)age <= now || st.st_mtime > now + (time_t)age);
}

/* May it go? An image by its leases; a journal by the process that it is named after. */
static int is_left_over(const struct dlfm_store *s, const char *name, const struct sweep *w)
{
	if (!is_journal(name) && !dlfm_store_is_id(name))
		return 0;
	if (w->all)
		return 1;
	if (is_journal(name) && dlfm_lease_owner_is_gone(name + strlen(DLFM_STORE_JOURNAL)))
		return !dlfm_is_mapped(s, name);
	if (!is_old(s->fd, name, w->age) || dlfm_lease_is_held(s, name))
		return 0;
	return !dlfm_is_mapped(s, name);
}

static void drop_all_leases(const struct dlfm_store *s)
{
	struct dirent *de;
	DIR *d = s->leases < 0 ? NULL : dlfm_store_names(s->leases);

	while (d && (de = readdir(d)))
		if (de->d_name[0] != '.')
			unlinkat(s->leases, de->d_name, 0);
	if (d)
		closedir(d);
}

/* Images that were staged by hand. */
static int drop_kept(const struct dlfm_store *s, unsigned age)
{
	char id[DLFM_CACHE_ID_TEXT];
	struct dirent *de;
	int n = 0;
	DIR *d = s->leases < 0 ? NULL : dlfm_store_names(s->leases);

	while (d && (de = readdir(d)))
		if (dlfm_lease_is_kept(de->d_name) && is_old(s->leases, de->d_name, age) &&
		    !(dlfm_lease_read(s, de->d_name, id, NULL) == 1 && dlfm_is_mapped(s, id)))
			n += dlfm_lease_drop(s, de->d_name);
	if (d)
		closedir(d);
	return n;
}

static int sweep_locked(const struct dlfm_store *s, const struct sweep *w)
{
	struct dirent *de;
	int n;
	DIR *d;

	dlfm_store_discard_dead(s);
	if (w->all)
		drop_all_leases(s);
	n = dlfm_lease_drop_dead(s) + drop_kept(s, w->age);
	d = dlfm_store_names(s->fd);
	while (d && (de = readdir(d)))
		if (is_left_over(s, de->d_name, w))
			n += dlfm_store_discard(s, de->d_name) == 0;
	if (d)
		closedir(d);
	return n;
}

/* The store of the calling user in one directory. */
static int sweep_own(const char *dir, const struct sweep *w, struct dlfm_error *e)
{
	struct dlfm_store s;
	int n, rc;

	rc = dlfm_store_open(&s, dir, geteuid(), DLFM_STORE_CHANGE, e);
	if (rc <= 0)
		return rc;
	rc = dlfm_store_lock(&s, e);
	if (rc != 0) {
		dlfm_store_close(&s);
		return rc < 0 ? -1 : 0;
	}
	n = sweep_locked(&s, w);
	dlfm_store_unlock(&s);
	if (dlfm_store_empty(&s) < 0)
		n = dlfm_errf(e, "something in %s could not be removed", s.path);
	if (dlfm_store_lock(&s, NULL) == 0)
		dlfm_store_retire(&s);
	dlfm_store_close(&s);
	return n;
}

/* ---- as root, for everybody ---- */

/* What the child tells; its exit status would hold only 8 bits. */
struct told {
	int n;
	struct dlfm_error e;
};

/*
 * Becomes the user for good: what a store holds cannot make root do anything. In no group of his: that of his directory
 * may be one that he is not in.
 */
static int become(uid_t uid)
{
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
			       setresuid(uid, uid, uid) == 0
		       ? 0
		       : -1;
}

/* What the child tells, if it does so in time. */
static void hear(int fd, struct told *told)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct timespec start, now;
	int left = USER_SECONDS, rc;
	struct told heard;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while ((rc = poll(&p, 1, left * 1000)) < 0 && errno == EINTR) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = now.tv_sec - start.tv_sec < USER_SECONDS
			       ? USER_SECONDS - (int)(now.tv_sec - start.tv_sec)
			       : 0;
	}
	if (rc > 0 && read(fd, &heard, sizeof(heard)) == sizeof(heard))
		*told = heard;
}

static int sweep_as(const char *dir, uid_t uid, const struct sweep *w, struct dlfm_error *e)
{
	struct told told = {.n = -1};
	int fds[2];
	pid_t pid;

	dlfm_errf(&told.e, "%s/dlfm-%u: the process that sweeps it was killed", dir, uid);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return dlfm_errnof(e, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		if (become(uid) < 0)
			dlfm_errnof(&told.e, "cannot become uid %u", uid);
		else
			told.n = sweep_own(dir, w, &told.e);
		_exit(write(fds[1], &told, sizeof(told)) != sizeof(told));
	}
	close(fds[1]);
	if (pid < 0)
		dlfm_errnof(&told.e, "cannot start a process");
	else
		hear(fds[0], &told);
	close(fds[0]);
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (told.n < 0 && e)
		*e = told.e;
	return told.n;
}

static int sweep_everybody(const char *dir, const struct sweep *w, struct dlfm_error *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0, failed = 0, rc;
	DIR *d = fd < 0 ? NULL : dlfm_store_names(fd);
	struct dirent *de;
	uid_t uid;

	while (d && (de = readdir(d))) {
		/* Only a store whose name and owner agree is the owner's. */
		if (dlfm_store_owner(fd, de->d_name, &uid) < 0)
			continue;
		rc = uid == 0 ? sweep_own(dir, w, e) : sweep_as(dir, uid, w, e);
		failed |= rc < 0;
		n += rc > 0 ? rc : 0;
	}
	if (d)
		closedir(d);
	if (fd >= 0)
		close(fd);
	return failed ? -1 : n;
}

static int sweep(const char *const *dirs, const struct sweep *w, struct dlfm_error *e)
{
	int n = 0, failed = 0, rc;

	for (dirs = dlfm_store_dirs(dirs); *dirs; dirs++) {
		rc = geteuid() == 0 ? sweep_everybody(*dirs, w, e) : sweep_own(*dirs, w, e);
		failed |= rc < 0;
		n += rc > 0 ? rc : 0;
	}
	return failed ? -1 : n;
}

int dlfm_stage_sweep(const char *const *dirs, unsigned age, struct dlfm_error *e)
{
	return sweep(dirs, &(struct sweep){.age = age}, e);
}

int dlfm_stage_sweep_all(const char *const *dirs, struct dlfm_error *e)
{
	return sweep(dirs, &(struct sweep){.all = 1}, e);
}
