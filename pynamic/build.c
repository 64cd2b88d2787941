/* SPDX-License-Identifier: BSD-3-Clause */
/* One build: settings, what is to be made, make, what was left over. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pynamic/build.h"
#include "pynamic/child.h"
#include "pynamic/remove.h"
#include "pynamic/settings.h"
#include "pynamic/text.h"
#include "pynamic/tree.h"

#define MADE "pynamic: made "

struct progress {
	uint64_t made, wanted, step;
	int quiet, terminal;
	int signal;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double children_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* A line of make -n. */
static void count_line(const char *line, void *arg)
{
	struct progress *p = arg;

	p->wanted += strstr(line, "echo \"" MADE) != NULL;
}

/* On a terminal one line that changes, else about twenty lines. */
static void progress_line(const char *line, void *arg)
{
	struct progress *p = arg;

	if (strncmp(line, MADE, strlen(MADE)) != 0)
		return;
	p->made++;
	if (p->quiet)
		return;
	if (p->terminal)
		fprintf(stderr, "\r\033[K[%" PRIu64 "/%" PRIu64 "] %s", p->made, p->wanted,
			line + strlen(MADE));
	else if (p->made % p->step == 0 || p->made == p->wanted)
		fprintf(stderr, "pynamic: built %" PRIu64 " of %" PRIu64 "\n", p->made, p->wanted);
}

static int on_path(const char *program)
{
	const char *path = getenv("PATH");
	char file[4096];

	while (path && *path) {
		size_t length = strcspn(path, ":");

		snprintf(file, sizeof file, "%.*s/%s", (int)length, path, program);
		if (access(file, X_OK) == 0)
			return 1;
		path += length + (path[length] == ':');
	}
	return 0;
}

static int save_settings(const struct pyn_build *b, int dirfd, struct dlfm_error *e)
{
	struct pyn_build with_default = *b;

	if (!b->mpicc && faccessat(dirfd, "config.mk", F_OK, 0) != 0 && !on_path("mpicc")) {
		with_default.mpicc = "none";
		fprintf(stderr, "pynamic: no mpicc: the launcher is built without MPI "
				"(--with-mpicc=COMMAND)\n");
	}
	return pyn_settings_save(&with_default, dirfd, e);
}

static int run_make(const struct pyn_build *b, int dirfd, const char *option, const char *target,
		    void (*line)(const char *, void *), struct progress *p, struct dlfm_error *e)
{
	char *const argv[] = {(char *)"make", (char *)"--no-print-directory", (char *)option,
			      (char *)target, NULL};
	int status;

	status = pyn_child_run(argv, dirfd, line, p, &p->signal, e);
	if (status == -1)
		return -1;
	if (p->signal != 0)
		return dlfm_errf(e, "%s: stopped; \"pynamic build\" again goes on from here",
				 b->directory);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return dlfm_errf(e, "%s: make failed; see above", b->directory);
	return 0;
}

static void save_report(int dirfd, const struct pyn_build_result *r, int complete)
{
	struct pyn_text t = {0};
	char text[300];

	snprintf(text, sizeof text,
		 "{\"schema\": \"pynamic-build/1\", \"complete\": %s, \"made\": %" PRIu64
		 ", \"milliseconds\": %" PRIu64 ", \"cpu_milliseconds\": %" PRIu64 "}\n",
		 complete ? "true" : "false", r->made, (uint64_t)(r->seconds * 1e3),
		 (uint64_t)(r->cpu_seconds * 1e3));
	pyn_put(&t, text);
	pyn_save(&t, dirfd, "build.json", NULL);
	pyn_text_free(&t);
}

static int build_in(const struct pyn_build *b, int dirfd, struct pyn_build_result *r,
		    struct dlfm_error *e)
{
	const char *target = b->target ? b->target : "all";
	struct progress p = {.quiet = b->quiet, .terminal = isatty(STDERR_FILENO)};
	double start = seconds(), cpu = children_cpu();
	char jobs[16];
	int rv;

	snprintf(jobs, sizeof jobs, "-j%u", b->jobs ? b->jobs : 1);
	pyn_remove_leftovers(dirfd);
	if (save_settings(b, dirfd, e) != 0 ||
	    run_make(b, dirfd, "-s", "preflight", NULL, &p, e) != 0 ||
	    run_make(b, dirfd, "-n", target, count_line, &p, e) != 0)
		return -1;
	p.step = p.wanted / 20 + 1;
	rv = run_make(b, dirfd, jobs, target, progress_line, &p, e);
	if (p.terminal && !p.quiet && p.made > 0)
		fputc('\n', stderr);
	pyn_remove_leftovers(dirfd);
	r->made = p.made;
	r->signal = p.signal;
	r->seconds = seconds() - start;
	r->cpu_seconds = children_cpu() - cpu;
	save_report(dirfd, r, rv == 0);
	return rv;
}

int pyn_build(const struct pyn_build *b, struct pyn_build_result *r, struct dlfm_error *e)
{
	int rv, dirfd = open(b->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		return dlfm_errnof(e, "%s: cannot open this directory", b->directory);
	if (faccessat(dirfd, PYN_MANIFEST, R_OK, 0) != 0) {
		close(dirfd);
		return dlfm_errf(e, "%s: no generated tree there; run \"pynamic generate\" first",
				 b->directory);
	}
	*r = (struct pyn_build_result){0};
	rv = build_in(b, dirfd, r, e);
	close(dirfd);
	return rv;
}
