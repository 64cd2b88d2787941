/* SPDX-License-Identifier: BSD-3-Clause */
/* The ticket as text. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "spank-plugin/ticket.h"

static const char *const words[] = {
	[TICKET_GO] = "go",
	[TICKET_QUIET] = "quiet",
};

int ticket_format(const struct ticket *t, char text[TICKET_TEXT_MAX])
{
	int n = snprintf(text, TICKET_TEXT_MAX, "%" PRIu32 ".%" PRIu32 " %s %s ", t->job, t->step,
			 words[t->word], t->key[0] ? t->key : "-");

	return dlfm_job_option_format(&t->option, text + n, TICKET_TEXT_MAX - n);
}

static int word_of(const char *text)
{
	int i;

	for (i = 0; i <= TICKET_QUIET; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return -1;
}

int ticket_parse(struct ticket *t, const char *text, struct dlfm_error *e)
{
	char word[8], key[DLFM_LEASE_KEY_MAX];
	struct ticket new = {0};
	int n = 0, w;

	_Static_assert(DLFM_LEASE_KEY_MAX == 128, "the width below");
	if (sscanf(text, "%" SCNu32 ".%" SCNu32 " %7s %127s %n", &new.job, &new.step, word, key,
		   &n) != 4 ||
	    n == 0 || (w = word_of(word)) < 0)
		return dlfm_errf(e, TICKET_VARIABLE " is damaged: '%.60s'", text);
	new.word = w;
	if (strcmp(key, "-") != 0)
		strcpy(new.key, key);
	if (dlfm_job_option_parse(&new.option, text + n, e) < 0)
		return dlfm_err_prefix(e, TICKET_VARIABLE);
	*t = new;
	return 0;
}
