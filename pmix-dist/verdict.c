/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts the reports, groups the failures by reason, writes the line. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmix-dist/verdict.h"

enum { REASONS_SHOWN = 4 };

static void append(struct verdict *v, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void append(struct verdict *v, const char *format, ...)
{
	size_t n = strlen(v->line);
	va_list ap;

	va_start(ap, format);
	vsnprintf(v->line + n, sizeof(v->line) - n, format, ap);
	va_end(ap);
}

struct failure {
	char node[ENDPOINT_NODE_MAX];
	const char *why;
	bool written;
};

static size_t collect(struct failure *f, const struct reports *all)
{
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < all->n; i++) {
		const struct report *r = all->of[i];

		if (r && r->kind == REPORT_READY)
			continue;
		if (r)
			memcpy(f[n].node, r->node, sizeof(f[n].node));
		if (!f[n].node[0])
			snprintf(f[n].node, sizeof(f[n].node), "rank%u", i);
		f[n++].why = r && r->text[0] ? r->text : "no word from it";
	}
	return n;
}

/* One reason and the nodes that give it; returns how many nodes these are. */
static size_t write_reason(struct verdict *v, struct failure *f, size_t n, size_t i,
			   const char **names)
{
	char list[512];
	size_t k, count = 0;

	for (k = i; k < n; k++)
		if (!f[k].written && strcmp(f[k].why, f[i].why) == 0) {
			f[k].written = true;
			names[count++] = f[k].node;
		}
	nodelist_format(list, sizeof(list), names, count);
	append(v, "; %s: %.700s", list, f[i].why);
	return count;
}

static void write_reasons(struct verdict *v, struct failure *f, size_t n, const char **names)
{
	size_t i, written = 0, reasons = 0;

	for (i = 0; i < n && reasons < REASONS_SHOWN; i++)
		if (!f[i].written) {
			written += write_reason(v, f, n, i, names);
			reasons++;
		}
	if (written < n)
		append(v, "; and %zu more nodes for other reasons", n - written);
}

static size_t count_ready(const struct reports *all, size_t *had_it)
{
	size_t n = 0;
	uint32_t i;

	*had_it = 0;
	for (i = 0; i < all->n; i++)
		if (all->of[i] && all->of[i]->kind == REPORT_READY) {
			n++;
			*had_it += all->of[i]->text[0] != '\0';
		}
	return n;
}

static void write_stale(struct verdict *v, const struct dlfm_stale_report *s)
{
	unsigned long n = s->changed + s->gone + s->appeared;

	if (n > 0)
		append(v, "; %lu recorded paths had changed (%s)", n, s->first);
}

static void write_success(struct verdict *v, const struct stage_result *r, size_t ready,
			  size_t had_it)
{
	append(v, "staged %.1f MiB on %zu node%s in %.2f s", (double)r->brief.file_size / 1048576,
	       ready, ready == 1 ? "" : "s", r->seconds);
	if (had_it > 0)
		append(v, " (%zu had it already)", had_it);
}

void verdict_make(struct verdict *v, const struct stage_result *r, const struct options *o)
{
	size_t had_it, ready = count_ready(&r->reports, &had_it), n = r->reports.n - ready;
	struct failure *f = calloc(n + 1, sizeof(*f));
	const char **names = calloc(n + 1, sizeof(*names));

	v->line[0] = '\0';
	if (n == 0) {
		v->status = 0;
		write_success(v, r, ready, had_it);
	} else {
		v->status = ready == 0 || o->require ? DLFM_EXIT_OWN : STAGE_EXIT_SOME;
		append(v, "staging failed on %zu of %u nodes", n, r->reports.n);
		if (f && names)
			write_reasons(v, f, collect(f, &r->reports), names);
		if (v->status == STAGE_EXIT_SOME)
			append(v, "; tasks on %s run without DLFM", n == 1 ? "it" : "them");
	}
	write_stale(v, &r->stale);
	free(f);
	free(names);
}

int verdict_say(const struct stage_result *r, const struct options *o, uint32_t rank)
{
	struct verdict v;

	if (rank != 0)
		return r->known ? 0
				: STAGE_EXIT_SOME; /* launchers give the highest status of all */
	if (!r->known) {
		fprintf(stderr, "dlfm: not staged: %s\n", r->error.text);
		return DLFM_EXIT_OWN;
	}
	verdict_make(&v, r, o);
	if (v.status != 0 || !o->quiet)
		fprintf(stderr, "dlfm: %s\n", v.line);
	return v.status;
}
