/* SPDX-License-Identifier: BSD-3-Clause */
/* pynamic(1): finds the command, and the parts that are not in this program. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "pynamic/commands.h"
#include "pynamic/options.h"
#include "pynamic/sizes.h"

static const struct command {
	const char *name, *about;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"generate", "makes the sources of an application", pyn_command_generate},
	{"build", "builds it", pyn_command_build},
	{"run", "runs it and measures (Tables 1 and 2)", pyn_command_python},
	{"sizes", "its section sizes (Table 3)", pyn_command_sizes},
	{"tools", "start-up of a debugger on it (Table 4)", pyn_command_python},
	{"plot", "draws results of runs", pyn_command_python},
	{"profiles", "lists the profiles", pyn_command_profiles},
	{"stamp", "executes a command with its start time in PYNAMIC_STAMP", pyn_command_stamp},
	{NULL, NULL, NULL},
};

int pyn_fail(const char *text)
{
	fflush(stdout);
	fprintf(stderr, "pynamic: %s\n", text);
	return DLFM_EXIT_OWN;
}

static int has_data(const char *directory)
{
	char file[PATH_MAX + 32];

	snprintf(file, sizeof file, "%s/driver/driver.py", directory);
	return access(file, R_OK) == 0;
}

const char *pyn_data_directory(void)
{
	static char found[PATH_MAX];
	static const char *const places[] = {"", "/../share/dlfm/pynamic", NULL};
	const char *given = getenv("PYNAMIC_DATADIR");
	ssize_t length = readlink("/proc/self/exe", found, sizeof found - 64);

	if (given && *given)
		return has_data(given) ? given : "";
	if (length > 0) {
		found[length] = '\0';
		length = strrchr(found, '/') - found;
		for (unsigned i = 0; places[i]; i++) {
			strcpy(found + length, places[i]);
			if (has_data(found))
				return found;
		}
	}
	return has_data(PYNAMIC_DATADIR) ? PYNAMIC_DATADIR : "";
}

/* python3 DATA/commands NAME ARGUMENTS... */
int pyn_command_python(int argc, char **argv)
{
	const char *data = pyn_data_directory(), *python = getenv("PYNAMIC_PYTHON");
	char **args = calloc((size_t)argc + 4, sizeof *args);
	char package[PATH_MAX], self[PATH_MAX];
	ssize_t length;
	int n = 0;

	if (!args)
		return pyn_fail("out of memory");
	if (*data == '\0')
		return pyn_fail("its parts in Python are missing: set PYNAMIC_DATADIR");
	snprintf(package, sizeof package, "%.4000s/commands", data);
	length = readlink("/proc/self/exe", self, sizeof self - 1);
	if (length > 0) {
		self[length] = '\0';
		setenv("PYNAMIC_PROGRAM", self, 1);
	}
	args[n++] = (char *)(python && *python ? python : "python3");
	args[n++] = (char *)"-B";
	args[n++] = package;
	for (int i = 0; i < argc; i++)
		args[n++] = argv[i];
	execvp(args[0], args);
	fprintf(stderr, "pynamic: %s: %s; set PYNAMIC_PYTHON to a Python 3.8 or newer\n", args[0],
		strerror(errno));
	return DLFM_EXIT_OWN;
}

int pyn_command_stamp(int argc, char **argv)
{
	struct timespec t;
	char text[32];

	for (argc--, argv++; argc > 0 && strchr(*argv, '='); argc--, argv++)
		putenv(*argv);
	if (argc > 0 && strcmp(*argv, "--") == 0) {
		argc--;
		argv++;
	}
	if (argc == 0)
		return pyn_fail("stamp: give a command");
	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof text, "%lld", (long long)t.tv_sec * 1000000000 + t.tv_nsec);
	setenv("PYNAMIC_STAMP", text, 1);
	execvp(argv[0], argv);
	fprintf(stderr, "pynamic: %s: %s\n", argv[0], strerror(errno));
	return errno == ENOENT ? DLFM_EXIT_NOT_FOUND : DLFM_EXIT_CANNOT_RUN;
}

int pyn_command_sizes(int argc, char **argv)
{
	const char *json = NULL;
	const struct pyn_option options[] = {{"json", 0, NULL, &json, "as JSON"},
					     {NULL, 0, NULL, NULL, NULL}};
	const struct pyn_usage usage = {
		"sizes [--json] DIRECTORY|FILE...",
		"Adds up the sections of all ELF files there: the paper's Table 3.", options, NULL};
	struct dlfm_error e;
	int first, rv = pyn_options_parse(&usage, argc, argv, &first, &e);

	if (rv > 0)
		return 0;
	if (rv == 0 && first == argc)
		rv = dlfm_errf(&e, "sizes: give a directory or files");
	if (rv == 0)
		rv = pyn_sizes(argv + first, json != NULL, &e);
	return rv == 0 ? 0 : pyn_fail(e.text);
}

static void print_help(void)
{
	printf("usage: pynamic COMMAND [OPTION...]\n"
	       "The Python dynamic benchmark: what it costs to load an application of many "
	       "libraries.\n\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-10s %s\n", c->name, c->about);
	printf("\npynamic COMMAND --help tells more; pynamic(1) all.\n");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return pyn_fail("give a command: see pynamic --help");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help();
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("pynamic (DLFM) %s\n", PACKAGE_VERSION);
		return 0;
	}
	for (const struct command *c = commands; c->name; c++)
		if (strcmp(c->name, argv[1]) == 0) {
			int status = c->run(argc - 1, argv + 1);

			return fflush(stdout) != 0 && status == 0
				       ? pyn_fail("cannot write the output")
				       : status;
		}
	fprintf(stderr, "pynamic: %s: there is no such command; see pynamic --help\n", argv[1]);
	return DLFM_EXIT_OWN;
}
