/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of --dlfm=TEXT: parsed, written back, explained. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cache-tools/job-option.h"

/* A piece of the text: not NUL-terminated. */
struct piece {
	const char *at;
	size_t len;
};

/* As much of a piece as an error message shows, for "%.*s". */
#define SHOWN(p) (int)((p).len < 100 ? (p).len : 100), (p).at

/* One word of a `key=word|word` option and what it stands for. */
struct choice {
	const char *word;
	int value;
};

static const struct choice layers_choices[] = {
	{"dl+fm", DLFM_USE_BOTH},
	{"dl", DLFM_USE_DL},
	{"fm", DLFM_USE_FM},
	{NULL, 0},
};
static const struct choice stale_choices[] = {
	{"refresh", DLFM_STALE_REFRESH},
	{"drop", DLFM_STALE_DROP},
	{"fail", DLFM_STALE_FAIL},
	{NULL, 0},
};
static const struct choice transport_choices[] = {
	{"tcp", DLFM_TRANSPORT_TCP},
	{"mpi", DLFM_TRANSPORT_MPI},
	{"pmix", DLFM_TRANSPORT_PMIX},
	{NULL, 0},
};
static const struct choice scope_choices[] = {
	{"shared", DLFM_SCOPE_SHARED},
	{"all", DLFM_SCOPE_ALL},
	{NULL, 0},
};

enum kind { FLAG, FLAG_FILE, CHOICE };

/* Everything that may follow a comma. */
static const struct opt {
	const char *name;
	enum kind kind;
	size_t offset; /* of an int in struct dlfm_job_option */
	const struct choice *choices;
} opts[] = {
	{"require", FLAG, offsetof(struct dlfm_job_option, require), NULL},
	{"report", FLAG_FILE, offsetof(struct dlfm_job_option, report), NULL},
	{"learn", FLAG, offsetof(struct dlfm_job_option, learn), NULL},
	{"layers", CHOICE, offsetof(struct dlfm_job_option, layers), layers_choices},
	{"stale", CHOICE, offsetof(struct dlfm_job_option, stale), stale_choices},
	{"transport", CHOICE, offsetof(struct dlfm_job_option, transport), transport_choices},
	{"scope", CHOICE, offsetof(struct dlfm_job_option, scope), scope_choices},
};
#define N_OPTS (sizeof(opts) / sizeof(opts[0]))

_Static_assert(sizeof(enum dlfm_stale) == sizeof(int), "the table writes ints");
_Static_assert(sizeof(unsigned) == sizeof(int), "the table writes ints");

static int is_word(struct piece p, const char *word)
{
	return p.len == strlen(word) && memcmp(p.at, word, p.len) == 0;
}

static int has(struct piece p, int c)
{
	return memchr(p.at, c, p.len) != NULL;
}

/* Takes the piece before the first `c` off *rest; returns whether there was a `c`. */
static int take(struct piece *rest, int c, struct piece *head)
{
	const char *end = memchr(rest->at, c, rest->len);

	*head = *rest;
	if (!end) {
		rest->at += rest->len;
		rest->len = 0;
		return 0;
	}
	head->len = end - rest->at;
	rest->at = end + 1;
	rest->len -= head->len + 1;
	return 1;
}

static int set_file(char file[PATH_MAX], struct piece p, const char *after, struct dlfm_error *e)
{
	if (p.len == 0)
		return dlfm_errf(e, "no file name after '%s'", after);
	if (p.at[0] == '~' || has(p, '$'))
		return dlfm_errf(e, "'~' and '$' are not expanded in '%.*s'; write the whole path",
				 SHOWN(p));
	if (p.len >= PATH_MAX)
		return dlfm_errf(e, "the file name '%.*s...' is longer than %d bytes", SHOWN(p),
				 PATH_MAX - 1);
	memcpy(file, p.at, p.len);
	file[p.len] = '\0';
	return 0;
}

static int unknown_choice(const struct opt *opt, struct piece value, struct dlfm_error *e)
{
	const struct choice *c;
	char words[64] = "";
	size_t n = 0;

	for (c = opt->choices; c->word; c++)
		n += snprintf(words + n, sizeof(words) - n, "%s%s",
			      c == opt->choices ? "" : (c[1].word ? ", " : " or "), c->word);
	return dlfm_errf(e, "unknown value '%.*s' of %s; use %s", SHOWN(value), opt->name, words);
}

static int set_choice(int *field, const struct opt *opt, struct piece value, struct dlfm_error *e)
{
	const struct choice *c;

	for (c = opt->choices; c->word; c++) {
		if (is_word(value, c->word)) {
			*field = c->value;
			return 0;
		}
	}
	return unknown_choice(opt, value, e);
}

static int set_opt(struct dlfm_job_option *o, const struct opt *opt, int has_value,
		   struct piece value, struct dlfm_error *e)
{
	int *field = (int *)((char *)o + opt->offset);

	if (opt->kind == CHOICE) {
		if (!has_value)
			return dlfm_errf(e, "%s needs a value: %s=%s", opt->name, opt->name,
					 opt->choices[0].word);
		return set_choice(field, opt, value, e);
	}
	*field = 1;
	if (!has_value)
		return 0;
	if (opt->kind == FLAG)
		return dlfm_errf(e, "%s takes no value", opt->name);
	return set_file(o->report_file, value, "report=", e);
}

static int parse_opts(struct dlfm_job_option *o, struct piece rest, struct dlfm_error *e)
{
	unsigned seen = 0;
	struct piece item, name;
	int more = 1, has_value;
	size_t i;

	while (more) {
		more = take(&rest, ',', &item);
		has_value = take(&item, '=', &name);
		for (i = 0; i < N_OPTS && !is_word(name, opts[i].name); i++)
			;
		if (i == N_OPTS)
			return dlfm_errf(e,
					 "unknown option '%.*s'; use require, report, learn, "
					 "layers, stale, transport or scope (a file name cannot "
					 "contain a comma)",
					 SHOWN(name));
		if (seen & 1u << i)
			return dlfm_errf(e, "%s is given twice", opts[i].name);
		seen |= 1u << i;
		if (set_opt(o, &opts[i], has_value, item, e) < 0)
			return -1;
	}
	return 0;
}

/* What stands before the first comma. */
static int parse_mode(struct dlfm_job_option *o, struct piece head, struct dlfm_error *e)
{
	struct piece file = head, word;
	int has_file = take(&file, ':', &word);

	if (is_word(word, "off") && !has_file) {
		o->mode = DLFM_MODE_OFF;
		return 0;
	}
	if (is_word(word, "record")) {
		o->mode = DLFM_MODE_RECORD;
		return has_file ? set_file(o->file, file, "record:", e) : 0;
	}
	if (is_word(word, "replay")) {
		o->mode = DLFM_MODE_REPLAY;
		return has_file ? set_file(o->file, file, "replay:", e)
				: dlfm_errf(e, "replay needs a cache: replay:FILE");
	}
	/* A word before a colon that could be no path is a mistyped mode, not a file of that name.
	 */
	if (!has(word, '/') && !has(word, '.') && !has(word, '~') && !has(word, '$'))
		return dlfm_errf(e, "unknown value '%.*s'; use record, replay:FILE, FILE or off%s",
				 SHOWN(word),
				 has_file ? "" : " (a FILE needs a '/' or a '.' in its name)");
	o->mode = DLFM_MODE_AUTO;
	return set_file(o->file, head, "--dlfm=", e);
}

static int has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return 1;
	return 0;
}

int dlfm_job_option_parse(struct dlfm_job_option *o, const char *text, struct dlfm_error *e)
{
	struct piece rest = {text, strlen(text)}, head;
	struct dlfm_job_option new = {.layers = DLFM_USE_BOTH};
	int more;

	if (rest.len == 0)
		return dlfm_errf(e, "no value; use record, replay:FILE, FILE or off");
	if (has_control(text))
		return dlfm_errf(e, "the value contains a control character");
	more = take(&rest, ',', &head);
	if (parse_mode(&new, head, e) < 0)
		return -1;
	if (more && new.mode == DLFM_MODE_OFF)
		return dlfm_errf(e, "off takes no options");
	if (more && parse_opts(&new, rest, e) < 0)
		return -1;
	*o = new;
	return 0;
}

/* ---- and back ---- */

struct text {
	char *at;
	size_t size, len; /* len may grow past size: too small */
};

static void append(struct text *t, const char *s)
{
	/* analyzer: every mode but none has a word */
	size_t n = strlen(s);

	if (t->len + n < t->size)
		memcpy(t->at + t->len, s, n + 1);
	t->len += n;
}

static void append_opt(struct text *t, const struct dlfm_job_option *o, const struct opt *opt,
		       int normal)
{
	int value = *(const int *)((const char *)o + opt->offset);
	const struct choice *c = opt->choices;

	if (value == normal)
		return;
	append(t, ",");
	append(t, opt->name);
	if (opt->kind == FLAG_FILE && o->report_file[0]) {
		append(t, "=");
		append(t, o->report_file);
	}
	if (opt->kind != CHOICE)
		return;
	while (c->word && c->value != value)
		c++;
	append(t, "=");
	append(t, c->word ? c->word : opt->choices[0].word);
}

int dlfm_job_option_format(const struct dlfm_job_option *o, char *text, unsigned long size)
{
	static const char *const modes[] = {"off", "record", "replay", ""};
	struct text t = {text, size, 0};
	size_t i;

	append(&t, modes[o->mode]);
	if (o->mode != DLFM_MODE_OFF) {
		if (o->file[0] && o->mode != DLFM_MODE_AUTO)
			append(&t, ":");
		append(&t, o->file);
		for (i = 0; i < N_OPTS; i++)
			append_opt(&t, o, &opts[i],
				   opts[i].choices == layers_choices ? DLFM_USE_BOTH : 0);
	}
	return t.len < size ? 0 : -1;
}

const char *dlfm_job_option_help(void)
{
	return "record[:FILE]        record what the job loads into a cache (default: "
	       "dlfm-<job>.dat)\n"
	       "replay:FILE          answer the job's lookups from the cache FILE\n"
	       "FILE                 record if FILE is absent, else replay (needs a '/' or a '.')\n"
	       "off                  do nothing\n"
	       "and after a comma, any of:\n"
	       "require              a problem with the cache stops the job before its tasks "
	       "start\n"
	       "report[=FILE]        tell at the end what was answered from memory and what was "
	       "not\n"
	       "learn                add what a replay asked of the file system to the cache\n"
	       "layers=dl|fm|dl+fm   shared libraries only, files only, or both (default)\n"
	       "stale=refresh|drop|fail   what to do about recorded files that changed since\n"
	       "transport=tcp|mpi|pmix    how the cache travels to the nodes (default: tcp)\n"
	       "scope=shared|all     record contents of shared file systems only, or of all\n";
}
