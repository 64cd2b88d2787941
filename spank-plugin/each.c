/* SPDX-License-Identifier: BSD-3-Clause */
/* Labelled output, summed up. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank-plugin/each.h"

static const char own[] = "dlfm: ";

/* The task and the text of a line that DLFM wrote; 0 if it is another one. */
static int split(const char *line, unsigned *task, const char **text, size_t *length)
{
	char *end;

	*task = strtoul(line, &end, 10); /* srun pads the numbers with blanks */
	if (end == line || strncmp(end, ": ", 2) != 0 ||
	    strncmp(end + 2, own, sizeof(own) - 1) != 0)
		return 0;
	*text = end + 2 + sizeof(own) - 1;
	*length = strcspn(*text, "\r\n");
	return *length > 0;
}

static struct each_reason *reason_of(struct each_failures *f, const char *text, size_t length)
{
	struct each_reason *r;
	unsigned i;

	if (length >= EACH_TEXT_MAX)
		length = EACH_TEXT_MAX - 1;
	for (i = 0; i < f->n_reasons; i++) {
		r = &f->reasons[i];
		if (strlen(r->text) == length && strncmp(r->text, text, length) == 0)
			return r;
	}
	if (f->n_reasons == EACH_REASONS_MAX)
		return &f->reasons[EACH_REASONS_MAX - 1];
	r = &f->reasons[f->n_reasons++];
	memcpy(r->text, text, length);
	r->text[length] = '\0';
	return r;
}

static int add(struct each_failures *f, const char *name, const char *text, size_t length)
{
	struct each_reason *r = reason_of(f, text, length);
	char *old = r->nodes;

	if (asprintf(&r->nodes, "%s%s%s", old ? old : "", old ? "," : "", name) < 0) {
		r->nodes = old;
		return -1;
	}
	free(old);
	f->nodes++;
	return 0;
}

/* The last line of a task; 0 if it said nothing. */
static int last_of(const char *output, unsigned wanted, const char **text, size_t *length)
{
	const char *line, *end, *found_text;
	size_t found_length;
	unsigned task;
	int found = 0;

	for (line = output; line && *line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (!split(line, &task, &found_text, &found_length) || task != wanted)
			continue;
		*text = found_text;
		*length = found_length;
		found = 1;
	}
	return found;
}

int each_read(struct each_failures *f, const char *output, const char *const *names, unsigned count)
{
	const char *text;
	size_t length;
	unsigned i;

	*f = (struct each_failures){0};
	for (i = 0; i < count; i++) {
		if (!last_of(output, i, &text, &length) || add(f, names[i], text, length) == 0)
			continue;
		each_free(f);
		return -1;
	}
	return 0;
}

void each_free(struct each_failures *f)
{
	unsigned i;

	for (i = 0; i < f->n_reasons; i++)
		free(f->reasons[i].nodes);
	*f = (struct each_failures){0};
}

int each_describe(const struct each_failures *f, unsigned count, struct dlfm_error *e)
{
	char text[sizeof(e->text)];
	size_t n = 0;
	unsigned i;

	for (i = 0; i < f->n_reasons && n < sizeof(text); i++)
		n += snprintf(text + n, sizeof(text) - n, "; %.300s: %s", f->reasons[i].nodes,
			      f->reasons[i].text);
	return dlfm_errf(e, "staging failed on %u of %u nodes%s; tasks on %s run without DLFM",
			 f->nodes, count, n ? text : "", f->nodes == 1 ? "it" : "them");
}
