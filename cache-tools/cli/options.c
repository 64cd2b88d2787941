/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing by the option table. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cache-tools/cli/cli.h"

enum { MAX_OPTIONS = 40, LONG_BASE = 256, HELP = LONG_BASE + MAX_OPTIONS };

struct tables {
	struct option longs[MAX_OPTIONS + 2];
	char letters[2 * MAX_OPTIONS + 4];
	const struct cli_option *options;
	int n;
};

static void make_tables(struct tables *t, const struct cli_command *command)
{
	char *letter = t->letters;
	const struct cli_option *o;

	memset(t, 0, sizeof(*t));
	t->options = command->options;
	if (command->is_launcher)
		*letter++ = '+';
	*letter++ = ':';
	for (o = t->options; o && o->name && t->n < MAX_OPTIONS; o++) {
		t->longs[t->n] = (struct option){
			.name = o->name,
			.has_arg = o->argument ? required_argument : no_argument,
			.val = LONG_BASE + t->n,
		};
		t->n++;
		if (!o->letter)
			continue;
		*letter++ = o->letter;
		if (o->argument)
			*letter++ = ':';
	}
	*letter++ = 'h';
	t->longs[t->n] = (struct option){.name = "help", .val = HELP};
}

static const struct cli_option *find_option(const struct tables *t, int val)
{
	int i;

	if (val >= LONG_BASE)
		return val - LONG_BASE < t->n ? &t->options[val - LONG_BASE] : NULL;
	for (i = 0; i < t->n; i++)
		if (t->options[i].letter == val)
			return &t->options[i];
	return NULL;
}

static int set_number(uint64_t *value, const char *text)
{
	static const char units[] = "KMGT";
	const char *unit;
	char *end;
	unsigned long long n;
	int shift = 0;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || errno)
		return -1;
	if (*end) {
		unit = strchr(units, *end & ~0x20);
		if (!unit || !*unit)
			return -1;
		shift = 10 * (int)(unit - units + 1);
		end++;
		if (strcmp(end, "iB") != 0 && strcmp(end, "B") != 0 && *end)
			return -1;
	}
	if (n > UINT64_MAX >> shift)
		return -1;
	*value = (uint64_t)n << shift;
	return 0;
}

static int set_choice(const struct cli_option *o, const char *text)
{
	const struct cli_choice *c;

	for (c = o->choices; c->name; c++) {
		if (strcmp(c->name, text) == 0) {
			*(int *)o->value = c->value;
			return 0;
		}
	}
	return -1;
}

static int add_item(struct cli_list *list, const char *text)
{
	const char **items = reallocarray(list->items, list->n + 1, sizeof(*items));

	if (!items)
		return -1;
	items[list->n] = text;
	list->items = items;
	/* analyzer: the list is the command's, until it ends */
	list->n++;
	return 0;
}

static int set(const struct cli_option *o, const char *text)
{
	switch (o->kind) {
	case CLI_FLAG:
		*(int *)o->value = 1;
		return 0;
	case CLI_COUNT:
		++*(int *)o->value;
		return 0;
	case CLI_TEXT:
		*(const char **)o->value = text;
		return *text ? 0 : -1;
	case CLI_LIST:
		return add_item(o->value, text);
	case CLI_NUMBER:
		return set_number(o->value, text);
	case CLI_CHOICE:
		return set_choice(o, text);
	}
	return -1;
}

int cli_parse(const struct cli_command *command, int argc, char **argv, int *first,
	      struct dlfm_error *e)
{
	struct tables t;
	int val;

	make_tables(&t, command);
	optind = 0;
	opterr = 0;
	while ((val = getopt_long(argc, argv, t.letters, t.longs, NULL)) != -1) {
		const struct cli_option *o = find_option(&t, val);

		if (val == HELP || (val == 'h' && !o)) {
			cli_help(command);
			return 1;
		}
		if (val == ':')
			return dlfm_errf(e, "%s: %s needs a value; see dlfm %s --help",
					 command->name, argv[optind - 1], command->name);
		if (!o && optopt && optopt < LONG_BASE)
			return dlfm_errf(e, "%s: unknown option '-%c'; see dlfm %s --help",
					 command->name, optopt, command->name);
		if (!o)
			return dlfm_errf(
				e,
				"%s: option '%s' is unknown, ambiguous or takes no value; see "
				"dlfm %s --help",
				command->name, argv[optind - 1], command->name);
		if (set(o, optarg) < 0)
			return dlfm_errf(e, "%s: --%s=%s: not a value of %s; see dlfm %s --help",
					 command->name, o->name, optarg ? optarg : "",
					 o->argument ? o->argument : "it", command->name);
	}
	*first = optind;
	return 0;
}
