/* SPDX-License-Identifier: BSD-3-Clause */
/* "pynamic generate", "build" and "profiles": what they take and what they tell. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pynamic/build.h"
#include "pynamic/commands.h"
#include "pynamic/options.h"
#include "pynamic/tree.h"

struct texts {
	const char *profile, *build, *jobs, *force, *json, *quiet;
	const char *cc, *cxx, *mpicc, *python, *cflags, *ldflags;
};

#define BUILD_OPTIONS(t)                                                                           \
	{"jobs", 'j', "N", &(t).jobs, "compile so many libraries at once (default: processors)"},  \
		{"with-cc", 0, "COMMAND", &(t).cc, "C compiler (cc)"},                             \
		{"with-cxx", 0, "COMMAND", &(t).cxx, "C++ compiler (c++)"},                        \
		{"with-mpicc", 0, "COMMAND", &(t).mpicc,                                           \
		 "MPI compiler of the launcher (mpicc); none: without MPI"},                       \
		{"with-python", 0, "COMMAND", &(t).python, "Python to embed (python3)"},           \
		{"cflags", 0, "FLAGS", &(t).cflags, "compiler flags (-g)"},                        \
		{"ldflags", 0, "FLAGS", &(t).ldflags, "linker flags"},                             \
		{"quiet", 'q', NULL, &(t).quiet, "no progress"},                                   \
	{                                                                                          \
		"json", 0, NULL, &(t).json, "print the result as JSON"                             \
	}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 32)
			printf("\\u%04x", (unsigned)*text);
		else
			putchar(*text);
	putchar('"');
}

static void print_generated(const struct pyn_model *m, const char *directory, int json)
{
	const struct pyn_counts *c = &m->counts;

	if (!json) {
		printf("%s: %" PRIu64 " modules, %" PRIu64 " utility libraries, %" PRIu64
		       " functions (%" PRIu64 " visited in %" PRIu64 " calls), %" PRIu64
		       " Python files, %" PRIu64 " bytes of sources\n"
		       "checksum 0x%016" PRIx64 "; generated in %.2f s of CPU time\n",
		       directory, m->params.modules, m->params.utilities, c->functions,
		       c->visited_functions, c->calls, c->python_files, c->bytes, m->checksum,
		       cpu_seconds());
		return;
	}
	printf("{\"schema\": \"pynamic-generate/1\", \"directory\": ");
	print_json_string(directory);
	printf(", \"modules\": %" PRIu64 ", \"utilities\": %" PRIu64 ", \"functions\": %" PRIu64
	       ", \"visited_functions\": %" PRIu64 ", \"calls\": %" PRIu64
	       ", \"python_files\": %" PRIu64 ", \"source_bytes\": %" PRIu64
	       ", \"checksum\": \"0x%016" PRIx64 "\", \"cpu_seconds\": %.3f}\n",
	       m->params.modules, m->params.utilities, c->functions, c->visited_functions, c->calls,
	       c->python_files, c->bytes, m->checksum, cpu_seconds());
}

static void print_built(const struct pyn_build_result *r, const char *directory, int json)
{
	if (!json) {
		printf("%s: built %" PRIu64 " files in %.1f s (%.1f s of CPU time in compilers)\n",
		       directory, r->made, r->seconds, r->cpu_seconds);
		return;
	}
	printf("{\"schema\": \"pynamic-build/1\", \"directory\": ");
	print_json_string(directory);
	printf(", \"made\": %" PRIu64 ", \"seconds\": %.3f, \"cpu_seconds\": %.3f}\n", r->made,
	       r->seconds, r->cpu_seconds);
}

static int parse_jobs(const char *text, unsigned *jobs, struct dlfm_error *e)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	char *end = NULL;

	*jobs = online > 0 ? (unsigned)online : 1;
	if (!text)
		return 0;
	*jobs = (unsigned)strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || *jobs < 1 || *jobs > 4096)
		return dlfm_errf(e, "--jobs=%s: give a number from 1 to 4096", text);
	return 0;
}

/* Returns 0, -1 with a text; *stopped is the signal that stopped it, or 0. */
static int build(const struct texts *t, const char *directory, int report, int *stopped,
		 struct dlfm_error *e)
{
	struct pyn_build b = {.directory = directory,
			      .cc = t->cc,
			      .cxx = t->cxx,
			      .mpicc = t->mpicc,
			      .python = t->python,
			      .cflags = t->cflags,
			      .ldflags = t->ldflags,
			      .quiet = t->quiet != NULL};
	struct pyn_build_result r = {0};

	if (parse_jobs(t->jobs, &b.jobs, e) != 0)
		return -1;
	if (pyn_build(&b, &r, e) != 0) {
		*stopped = r.signal;
		return -1;
	}
	if (report)
		print_built(&r, directory, t->json != NULL);
	return 0;
}

static int generate(const struct pyn_params *p, const char *directory, const struct texts *t,
		    int *stopped, struct dlfm_error *e)
{
	const char *data = pyn_data_directory();
	struct pyn_model m;
	unsigned jobs;
	int rv = -1;

	if (*data == '\0')
		return dlfm_errf(e, "its driver and launcher are missing; set PYNAMIC_DATADIR");
	/* What is wrong with the options is said before anything is written. */
	if (pyn_params_check(p, e) != 0 || parse_jobs(t->jobs, &jobs, e) != 0 ||
	    pyn_model_make(&m, p, e) != 0)
		return -1;
	if (pyn_generate(&m, directory, data, t->force != NULL, e) == 0) {
		print_generated(&m, directory, t->json != NULL);
		rv = t->build ? build(t, directory, !t->json, stopped, e) : 0;
	}
	pyn_model_free(&m);
	return rv;
}

/* The exit status: as of a program that a signal ended, where one did. */
static int finish(int rv, int stopped, const struct dlfm_error *e)
{
	if (rv == 0)
		return 0;
	pyn_fail(e->text);
	return stopped ? 128 + stopped : DLFM_EXIT_OWN;
}

int pyn_command_generate(int argc, char **argv)
{
	static struct texts t;
	struct pyn_params params = pyn_profiles[0].params;
	const struct pyn_option options[] = {
		{"profile", 'P', "NAME", &t.profile, "start from a profile: see pynamic profiles"},
		{"build", 'b', NULL, &t.build, "build it, too"},
		{"force", 0, NULL, &t.force, "replace a tree of other parameters"},
		BUILD_OPTIONS(t),
		{NULL, 0, NULL, NULL, NULL},
	};
	const struct pyn_usage usage = {
		"generate [OPTION...] DIRECTORY",
		"Generates the sources of an application for the loader, and a makefile.", options,
		&params};
	struct dlfm_error e;
	int first, stopped = 0, rv = pyn_options_parse(&usage, argc, argv, &first, &e);

	if (rv > 0)
		return 0;
	if (rv == 0 && argc - first != 1)
		rv = dlfm_errf(&e, "generate: give one directory; see pynamic generate --help");
	if (rv == 0)
		rv = generate(&params, argv[first], &t, &stopped, &e);
	return finish(rv, stopped, &e);
}

int pyn_command_build(int argc, char **argv)
{
	static struct texts t;
	const struct pyn_option options[] = {BUILD_OPTIONS(t), {NULL, 0, NULL, NULL, NULL}};
	const struct pyn_usage usage = {
		"build [OPTION...] DIRECTORY",
		"Builds a generated tree, or goes on where a build was stopped.", options, NULL};
	struct dlfm_error e;
	int first, stopped = 0, rv = pyn_options_parse(&usage, argc, argv, &first, &e);

	if (rv > 0)
		return 0;
	if (rv == 0 && argc - first != 1)
		rv = dlfm_errf(&e, "build: give one directory; see pynamic build --help");
	if (rv == 0)
		rv = build(&t, argv[first], 1, &stopped, &e);
	return finish(rv, stopped, &e);
}

static void print_profile(const struct pyn_profile *p, int json, int last)
{
	char text[256];

	printf(json ? "{\"name\": \"%s\", \"about\": \"%s\", \"parameters\": {" : "%s: %s\n   ",
	       p->name, p->about);
	for (const struct pyn_param_option *o = pyn_param_options; o->name; o++) {
		pyn_param_text(&p->params, o, text, sizeof text);
		printf(json ? "%s\"%s\": \"%s\"" : "%s--%s=%s",
		       json && o != pyn_param_options ? ", "
		       : json			      ? ""
						      : " ",
		       o->name, text);
	}
	printf(json ? "}}%s" : "\n", last ? "" : ", ");
}

int pyn_command_profiles(int argc, char **argv)
{
	const char *json = NULL;
	const struct pyn_option options[] = {{"json", 0, NULL, &json, "as JSON"},
					     {NULL, 0, NULL, NULL, NULL}};
	const struct pyn_usage usage = {"profiles [--json]",
					"Lists the profiles and their parameters.", options, NULL};
	struct dlfm_error e;
	int first, rv = pyn_options_parse(&usage, argc, argv, &first, &e);

	if (rv != 0)
		return rv > 0 ? 0 : pyn_fail(e.text);
	if (first != argc)
		return pyn_fail("profiles: no operands are taken");
	if (json)
		printf("{\"schema\": \"pynamic-profiles/1\", \"profiles\": [");
	for (const struct pyn_profile *p = pyn_profiles; p->name; p++)
		print_profile(p, json != NULL, p[1].name == NULL);
	if (json)
		printf("]}\n");
	return 0;
}
