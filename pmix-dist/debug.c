/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines for whoever looks for a fault. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmix-dist/clock.h"
#include "pmix-dist/debug.h"

static bool on;
static uint32_t self;
static double start;

void debug_start(uint32_t rank)
{
	const char *value = getenv("DLFM_DEBUG");

	on = value && *value && strcmp(value, "0") != 0;
	self = rank;
	start = clock_now();
}

void debug(const char *format, ...)
{
	char text[512];
	va_list ap;

	if (!on)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fprintf(stderr, "dlfm-stage[%u] %.3f: %s\n", self, clock_now() - start, text);
}
