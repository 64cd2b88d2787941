/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors as texts that the caller owns. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cache-tools/error.h"

int dlfm_errf(struct dlfm_error *e, const char *format, ...)
{
	int saved = errno;
	va_list ap;

	if (e) {
		va_start(ap, format);
		vsnprintf(e->text, sizeof(e->text), format, ap);
		va_end(ap);
	}
	errno = saved;
	return -1;
}

int dlfm_errnof(struct dlfm_error *e, const char *format, ...)
{
	int saved = errno;
	va_list ap;
	size_t n;

	if (e) {
		va_start(ap, format);
		vsnprintf(e->text, sizeof(e->text), format, ap);
		va_end(ap);
		n = strlen(e->text);
		snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror(saved));
	}
	errno = saved;
	return -1;
}

int dlfm_err_prefix(struct dlfm_error *e, const char *format, ...)
{
	char rest[sizeof(e->text)];
	int saved = errno;
	va_list ap;
	size_t n;

	if (e) {
		memcpy(rest, e->text, sizeof(rest));
		rest[sizeof(rest) - 1] = '\0';
		va_start(ap, format);
		vsnprintf(e->text, sizeof(e->text), format, ap);
		va_end(ap);
		n = strlen(e->text);
		snprintf(e->text + n, sizeof(e->text) - n, ": %.*s", (int)(sizeof(e->text) - n),
			 rest);
	}
	errno = saved;
	return -1;
}
