/* SPDX-License-Identifier: BSD-3-Clause */
/* What the command prints: messages, JSON, sizes, progress. */
#include "config.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cache-tools/cli/cli.h"

int cli_quiet;

static int progress_shown; /* a line stands on the terminal */

/* Without what a terminal would obey: names may be those of somebody who means harm. */
static void put_harmless(FILE *f, const char *text)
{
	for (; *text; text++)
		putc(((unsigned char)*text < ' ' && *text != '\n') || *text == 127 ? '?' : *text,
		     f);
}

static void __attribute__((format(printf, 3, 0)))
put_formatted(FILE *f, int harmless, const char *format, va_list ap)
{
	char *text;

	if (!harmless || vasprintf(&text, format, ap) < 0) {
		vfprintf(f, format, ap);
		return;
	}
	put_harmless(f, text);
	free(text);
}

int cli_fail(const struct dlfm_error *e)
{
	cli_progress_end();
	fputs("dlfm: ", stderr);
	put_harmless(stderr, e->text);
	fputc('\n', stderr);
	return DLFM_EXIT_OWN;
}

void cli_say(const char *format, ...)
{
	va_list ap;

	cli_progress_end();
	fputs("dlfm: ", stderr);
	va_start(ap, format);
	put_formatted(stderr, 1, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}

struct json_object *cli_json(const char *what, int version)
{
	struct json_object *o = json_object_new_object();
	char schema[64];

	snprintf(schema, sizeof(schema), "dlfm.%s/%d", what, version);
	json_object_object_add(o, "schema", json_object_new_string(schema));
	return o;
}

int cli_json_print(struct json_object *o)
{
	puts(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
						       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return cli_finish(0);
}

int cli_finish(int status)
{
	struct dlfm_error e;

	cli_progress_end();
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	dlfm_errnof(&e, "cannot write to standard output");
	return cli_fail(&e);
}

void cli_printf(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put_formatted(stdout, isatty(STDOUT_FILENO), format, ap);
	va_end(ap);
}

void cli_print_path(const char *path)
{
	if (!isatty(STDOUT_FILENO)) {
		fputs(path, stdout);
		return;
	}
	for (; *path; path++)
		putchar((unsigned char)*path < ' ' || *path == 127 ? '?' : *path);
}

const char *cli_size(char text[16], uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	double n = (double)bytes / 1024;
	int i = 0;

	if (bytes < 1024) {
		snprintf(text, 16, "%u B", (unsigned)bytes);
		return text;
	}
	for (; n >= 1024 && i < 3; i++)
		n /= 1024;
	snprintf(text, 16, n < 100 ? "%.1f %s" : "%.0f %s", n > 99999 ? 99999 : n, units[i]);
	return text;
}

void cli_progress(const char *what, uint64_t done, uint64_t total)
{
	static struct timespec last;
	struct timespec now;

	if (cli_quiet || !isatty(STDERR_FILENO))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (progress_shown &&
	    (now.tv_sec - last.tv_sec) * 10 + (now.tv_nsec - last.tv_nsec) / 100000000 < 1)
		return;
	last = now;
	fprintf(stderr, "\rdlfm: %s %3d %%\033[K", what,
		total ? (int)(100.0 * (double)done / (double)total) : 100);
	progress_shown = 1;
}

void cli_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = 0;
}
