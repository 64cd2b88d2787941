/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The picture: a flame graph upside down. Each row is a level of directories; a box is as wide as its share of the
 * lookups, with all that is below it under it; the redder, the more of them failed.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/cli/top.h"
#include "cache-tools/temporary.h"
#include "libdlfm/image.h"

enum { WIDTH = 1200, MARGIN = 10, TOP = 58, ROW = 19, LETTER = 7, FOOT = 14 };

struct picture {
	FILE *f;
	const struct top_tree *t;
	double unit; /* pixels a lookup */
};

/* XML has no control characters; what is not UTF-8 would make it invalid. */
static void put_text(FILE *f, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c == '<')
			fputs("&lt;", f);
		else if (c == '>')
			fputs("&gt;", f);
		else if (c == '&')
			fputs("&amp;", f);
		else
			fputc(c < ' ' || c > '~' ? '?' : c, f);
	}
}

/* From blue-grey (all found) by yellow to red (all failed). */
static void put_colour(FILE *f, const struct top_sum *s)
{
	static const double points[3][3] = {{190, 210, 229}, {250, 224, 140}, {226, 106, 92}};
	double x = s->lookups ? 2.0 * (double)s->failed / (double)s->lookups : 0;
	int from = x < 1 ? 0 : 1, i;

	x -= from;
	fputs("rgb(", f);
	for (i = 0; i < 3; i++)
		fprintf(f, "%s%d", i ? "," : "",
			(int)(points[from][i] + x * (points[from + 1][i] - points[from][i])));
	fputc(')', f);
}

static void put_path(FILE *f, const struct top_tree *t, uint32_t node)
{
	if (node == 0)
		return;
	put_path(f, t, t->nodes[node].parent);
	fputc('/', f);
	put_text(f, t->nodes[node].name, t->nodes[node].len);
}

static void put_box(const struct picture *p, uint32_t node, double x, double y, double width)
{
	const struct top_node *n = &p->t->nodes[node];
	const size_t room = width > LETTER * 3 ? (size_t)(width - 6) / LETTER : 0;

	fprintf(p->f, "<g><title>");
	put_path(p->f, p->t, node);
	fprintf(p->f,
		"%s\n%" PRIu64 " lookups (%.1f %% of all), %" PRIu64 " failed, %" PRIu64
		" paths</title><rect x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" fill=\"",
		node ? "" : "/", n->sum.lookups, 100 * width / (WIDTH - 2 * MARGIN), n->sum.failed,
		n->sum.paths, x, y, width, ROW - 1);
	put_colour(p->f, &n->sum);
	fputs("\"/>", p->f);
	if (room >= 3) {
		fprintf(p->f, "<text x=\"%.1f\" y=\"%.0f\">", x + 3, y + ROW - 6);
		put_text(p->f, n->name, n->len <= room ? n->len : room - 2);
		fputs(n->len <= room ? "</text>" : "..</text>", p->f);
	}
	fputs("</g>\n", p->f);
}

/* Boxes of less than half a pixel are left out, as is what is below them. */
static unsigned put_tree(const struct picture *p, uint32_t node, double x, unsigned level)
{
	const double width = (double)p->t->nodes[node].sum.lookups * p->unit;
	unsigned deepest = level, deep;
	uint32_t i;

	if (width < 0.5)
		return level ? level - 1 : 0;
	put_box(p, node, x, TOP + (double)level * ROW, width);
	for (i = p->t->nodes[node].child; i != DLFM_NONE; i = p->t->nodes[i].next) {
		deep = put_tree(p, i, x, level + 1);
		x += (double)p->t->nodes[i].sum.lookups * p->unit;
		if (deep > deepest)
			deepest = deep;
	}
	return deepest;
}

static void put_legend(FILE *f)
{
	static const char *const words[] = {"all found", "half failed", "all failed"};
	int i;

	for (i = 0; i < 3; i++) {
		const struct top_sum s = {.lookups = 2, .failed = (uint64_t)i};

		fprintf(f, "<rect x=\"%d\" y=\"34\" width=\"14\" height=\"14\" fill=\"",
			MARGIN + i * 110);
		put_colour(f, &s);
		fprintf(f, "\"/><text x=\"%d\" y=\"45\">%s</text>\n", MARGIN + i * 110 + 19,
			words[i]);
	}
}

/* The height is known when all is drawn, and stands in the first line. */
static void put_all(const struct picture *p, const char *title)
{
	const struct top_sum *all = &p->t->nodes[0].sum;
	FILE *f = p->f;

	fprintf(f,
		"<style>text{font:12px monospace;fill:#222}.t{font:bold 15px sans-serif}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text class=\"t\" x=\"%d\" y=\"22\">",
		MARGIN);
	put_text(f, title, strlen(title));
	fprintf(f, ": %" PRIu64 " lookups, %" PRIu64 " failed</text>\n", all->lookups, all->failed);
	put_legend(f);
}

static int draw(const struct top_tree *t, int fd, const char *title)
{
	const uint64_t all = t->nodes[0].sum.lookups;
	struct picture p = {.t = t, .unit = all ? (WIDTH - 2.0 * MARGIN) / (double)all : 0};
	static const char size[] =
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%6d\">\n";
	unsigned rows;
	int copy = dup(fd);

	p.f = copy < 0 ? NULL : fdopen(copy, "w");
	if (!p.f)
		return -1;
	fprintf(p.f, size, WIDTH, 0);
	put_all(&p, title);
	rows = put_tree(&p, 0, MARGIN, 0) + 1;
	fputs("</svg>\n", p.f);
	rewind(p.f);
	fprintf(p.f, size, WIDTH, TOP + (int)rows * ROW + FOOT);
	return fclose(p.f);
}

int top_svg(const struct top_tree *t, const char *file, const char *title, struct dlfm_error *e)
{
	struct dlfm_temporary temporary;

	if (dlfm_temporary_check(file, e) < 0 || dlfm_temporary_open(&temporary, file, 0644, e) < 0)
		return -1;
	if (draw(t, temporary.fd, title) == 0)
		return dlfm_temporary_commit(&temporary, e);
	dlfm_errnof(e, "%s: cannot be written", file);
	dlfm_temporary_abort(&temporary);
	return -1;
}
