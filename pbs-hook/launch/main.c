/* SPDX-License-Identifier: BSD-3-Clause */
/* dlfm-pbs-launch: its command line, and the order of things for a task that records, replays or
 * does neither. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbs-hook/launch/launch.h"

enum { DEFAULT_TIMEOUT = 120 };

static const struct option options[] = {
	{"top", no_argument, NULL, 't'},
	{"job", required_argument, NULL, 'j'},
	{"option", required_argument, NULL, 'o'},
	{"dirs", required_argument, NULL, 'd'},
	{"max-size", required_argument, NULL, 's'},
	{"timeout", required_argument, NULL, 'w'},
	{"dlfm", required_argument, NULL, 'f'},
	{"libdir", required_argument, NULL, 'l'},
	{"mpirun", required_argument, NULL, 'm'},
	{"tmrsh", required_argument, NULL, 'r'},
	{"argv0", required_argument, NULL, '0'},
	{"collect", required_argument, NULL, 'c'},
	{NULL, 0, NULL, 0},
};

static int take(struct launch *l, int c, const char **text)
{
	const char **place[] = {
		['j'] = &l->job,    ['o'] = text,	['d'] = &l->dirs,  ['s'] = &l->max_size,
		['m'] = &l->mpirun, ['r'] = &l->tmrsh,	['0'] = &l->argv0, ['f'] = &l->dlfm,
		['l'] = &l->libdir, ['c'] = &l->collect};

	if (c == 't')
		l->top = 1;
	else if (c == 'w')
		l->timeout = (unsigned)strtoul(optarg, NULL, 10);
	else if (c > 0 && (size_t)c < sizeof(place) / sizeof(place[0]) && place[c] != NULL)
		*place[c] = optarg;
	else
		return -1;
	return 0;
}

/* pbs_mom gives a job's shell the name of our program with "-" in front, which asks for a login
 * shell. */
static const char *program_name(const struct launch *l, const char *own_name)
{
	static char login[PATH_MAX + 1];
	const char *slash = strrchr(l->program[0], '/');

	if (l->argv0 != NULL)
		return l->argv0;
	if (own_name[0] != '-')
		return l->program[0];
	snprintf(login, sizeof(login), "-%s", slash != NULL ? slash + 1 : l->program[0]);
	return login;
}

static int parse(struct launch *l, int argc, char **argv, struct dlfm_error *e)
{
	const char *text = "off";
	int c;

	*l = (struct launch){.job = "",
			     .timeout = DEFAULT_TIMEOUT,
			     .dlfm = DLFM_BINDIR "/dlfm",
			     .libdir = DLFM_PKGLIBDIR,
			     .tmrsh = "pbs_tmrsh"};
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1)
		if (take(l, c, &text) == -1)
			return dlfm_errf(e, "dlfm-pbs-launch is run by the PBS hook, not by hand: "
					    "see dlfm-pbs(8)");
	if (optind == argc && l->collect == NULL)
		return dlfm_errf(
			e,
			"dlfm-pbs-launch was given no program: is its version that of the hook?");
	l->program = argv + optind;
	if (optind < argc)
		l->argv0 = program_name(l, argv[0]);
	if (l->timeout == 0)
		l->timeout = DEFAULT_TIMEOUT;
	return dlfm_job_option_parse(&l->option, text, e);
}

/* A name that is not absolute is meant from where qsub was called. */
static int resolve(char name[PATH_MAX], struct dlfm_error *e)
{
	const char *from = getenv("PBS_O_WORKDIR");
	char given[PATH_MAX];
	int n;

	if (name[0] == '/' || name[0] == '\0')
		return 0;
	memcpy(given, name, PATH_MAX);
	n = snprintf(name, PATH_MAX, "%s/%s", from != NULL ? from : ".", given);
	if (n < 0 || n >= PATH_MAX)
		return dlfm_errf(e, "the name %s/%s is too long", from, given);
	return 0;
}

static int resolve_files(struct launch *l, struct dlfm_error *e)
{
	struct dlfm_job_option *o = &l->option;

	if (o->file[0] == '\0' && o->mode == DLFM_MODE_RECORD)
		snprintf(o->file, sizeof(o->file), "dlfm.%s.dat", l->job);
	if (resolve(o->file, e) == -1 || resolve(o->report_file, e) == -1)
		return -1;
	if (o->mode == DLFM_MODE_AUTO)
		o->mode = access(o->file, F_OK) == 0 ? DLFM_MODE_REPLAY : DLFM_MODE_RECORD;
	return 0;
}

static int replay(const struct launch *l, struct dlfm_error *e)
{
	int rc, status;

	if (l->top && stage_job(l, l->option.file, e) == -1)
		return -1;
	rc = stage_environment(l, e);
	if (rc == -1)
		return -1;
	if (rc == 0 || !l->top || !(l->option.report || l->option.learn))
		return program_exec(l);
	status = program_run(l);
	replay_end(l);
	return status;
}

static int record(const struct launch *l, struct dlfm_error *e)
{
	int status;

	if (record_environment(l, e) == -1)
		return -1;
	if (!l->top)
		return program_exec(l);
	status = program_run(l);
	if (record_pack(l, e) == -1)
		launch_say("%s", e->text);
	return status;
}

int main(int argc, char **argv)
{
	struct dlfm_error e;
	struct launch l;
	int rc;

	if (parse(&l, argc, argv, &e) == -1) {
		launch_say("%s", e.text);
		if (l.program == NULL || l.program[0] == NULL)
			return DLFM_EXIT_OWN;
		return program_exec(&l);
	}
	if (l.collect != NULL) {
		rc = journals_collect(&l, &e);
		if (rc == -1)
			launch_say("%s", e.text);
		return rc == -1 ? DLFM_EXIT_OWN : 0;
	}
	rc = resolve_files(&l, &e);
	if (rc == 0 && l.option.mode == DLFM_MODE_RECORD)
		rc = record(&l, &e);
	else if (rc == 0 && l.option.mode == DLFM_MODE_REPLAY)
		rc = replay(&l, &e);
	else if (rc == 0)
		rc = program_exec(&l);
	if (rc != -1)
		return rc;
	if (l.top) {
		launch_say("%s; the job %s", e.text,
			   l.option.require ? "stops here, as it asked for `require'"
					    : "runs without DLFM");
		if (l.option.require)
			return DLFM_EXIT_OWN;
	}
	return program_exec(&l);
}
