/* SPDX-License-Identifier: BSD-3-Clause */
/* Command-line options by table, with getopt_long(3). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pynamic/options.h"

#define MAX_OPTIONS 80
#define CODE_HELP   1
#define CODE_OPTION 1000
#define CODE_PARAM  2000

struct table {
	struct option options[MAX_OPTIONS];
	char letters[3 * MAX_OPTIONS];
	int count;
};

static void add(struct table *t, const char *name, char letter, int has_argument, int code)
{
	char letters[4] = {letter, has_argument ? ':' : '\0', '\0', '\0'};

	t->options[t->count++] =
		(struct option){name, has_argument ? required_argument : no_argument, NULL, code};
	if (letter)
		strcat(t->letters, letters);
}

static void make_table(const struct pyn_usage *u, struct table *t)
{
	*t = (struct table){.letters = ":"};
	add(t, "help", 'h', 0, CODE_HELP);
	for (int i = 0; u->options[i].name; i++)
		add(t, u->options[i].name, u->options[i].letter, u->options[i].argument != NULL,
		    CODE_OPTION + i);
	for (int i = 0; u->params && pyn_param_options[i].name; i++)
		add(t, pyn_param_options[i].name, pyn_param_options[i].letter,
		    pyn_param_options[i].argument != NULL, CODE_PARAM + i);
}

/* The code of a short option. */
static int code_of_letter(const struct pyn_usage *u, int letter)
{
	if (letter == 'h')
		return CODE_HELP;
	for (int i = 0; u->options[i].name; i++)
		if (u->options[i].letter == letter)
			return CODE_OPTION + i;
	for (int i = 0; u->params && pyn_param_options[i].name; i++)
		if (pyn_param_options[i].letter == letter)
			return CODE_PARAM + i;
	return letter;
}

static void print_option(const char *name, char letter, const char *argument, const char *help)
{
	char left[64];

	snprintf(left, sizeof left, "%c%c%s --%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
		 letter ? "," : " ", name, argument ? "=" : "", argument ? argument : "");
	printf("  %-30s %s\n", left, help);
}

static void print_help(const struct pyn_usage *u)
{
	printf("usage: pynamic %s\n%s\n\n", u->synopsis, u->about);
	for (const struct pyn_option *o = u->options; o->name; o++)
		print_option(o->name, o->letter, o->argument, o->help);
	for (const struct pyn_param_option *o = pyn_param_options; u->params && o->name; o++) {
		char help[200];
		size_t used = (size_t)snprintf(help, sizeof help, "%s", o->help);

		for (unsigned i = 0; o->words && o->words[i] && used < sizeof help; i++)
			used += (size_t)snprintf(help + used, sizeof help - used, "%s%s",
						 i ? ", " : ": ", o->words[i]);
		print_option(o->name, o->letter, o->argument, help);
	}
	print_option("help", 'h', NULL, "this text");
}

static int unknown(const struct pyn_usage *u, int result, char **argv, struct dlfm_error *e)
{
	int length = (int)strcspn(u->synopsis, " ");
	const char *what = argv[optind - 1];
	char letter[3] = {'-', (char)optopt, '\0'};

	if (optopt > 0 && optopt < 256)
		what = letter;
	return dlfm_errf(e, "%s: %s; see pynamic %.*s --help", what,
			 result == ':' ? "an argument is missing" : "there is no such option",
			 length, u->synopsis);
}

static int apply(const struct pyn_usage *u, int code, struct dlfm_error *e)
{
	const struct pyn_profile *profile;
	const struct pyn_option *o;

	if (code >= CODE_PARAM)
		return pyn_param_set(u->params, &pyn_param_options[code - CODE_PARAM], optarg, e);
	o = &u->options[code - CODE_OPTION];
	*o->text = o->argument ? optarg : "";
	if (!u->params || strcmp(o->name, "profile") != 0)
		return 0;
	profile = pyn_profile_find(optarg);
	if (!profile)
		return dlfm_errf(e, "--profile=%s: there is no such profile; see pynamic profiles",
				 optarg);
	*u->params = profile->params;
	return 0;
}

/* Goes over the command line once: for the plain options, --profile among them, or for the
 * parameters. */
static int pass(const struct pyn_usage *u, const struct table *t, int argc, char **argv, int params,
		struct dlfm_error *e)
{
	int code;

	opterr = 0;
	optind = 0;
	while ((code = getopt_long(argc, argv, t->letters, t->options, NULL)) != -1) {
		if (code == '?' || code == ':')
			return unknown(u, code, argv, e);
		if (code < CODE_OPTION)
			code = code == CODE_HELP ? code : code_of_letter(u, code);
		if (code == CODE_HELP) {
			print_help(u);
			return 1;
		}
		if ((code >= CODE_PARAM) == params && apply(u, code, e) != 0)
			return -1;
	}
	return 0;
}

int pyn_options_parse(const struct pyn_usage *u, int argc, char **argv, int *first,
		      struct dlfm_error *e)
{
	struct table t;
	int rv;

	make_table(u, &t);
	/* First the profile and the plain options, then the parameters, which change the profile.
	 */
	rv = pass(u, &t, argc, argv, 0, e);
	if (rv == 0)
		rv = pass(u, &t, argc, argv, 1, e);
	*first = optind;
	return rv;
}
