/* SPDX-License-Identifier: BSD-3-Clause */
/* Spares the file system ld.so's question whether a directory exists: see probe.h. */
#include "libdlfm/audit/probe.h"

#include <link.h>
#include <stddef.h>
#include <stdint.h>

#include "libdlfm/audit/neighbours.h"
#include "libdlfm/audit/process.h"

#define STACK_REACH                                                                                \
	(64 * 1024) /* ld.so's frames between the buffer and ours: a few KiB and the name */

static int possible;
static const char *changed; /* the buffer, NULL: none */
static char second;	    /* what stood in its second byte; the first is always '/' */

void audit_probe_start(void)
{
	possible = audit_is_first() && !audit_getenv("LD_DEBUG");
}

void audit_probe_restore(const char *candidate)
{
	char *buffer = (char *)candidate;

	/* A buffer that begins so can only be our work: no candidate is "" or "/". */
	if (candidate != changed || (buffer[0] == '/' && buffer[1] != '\0'))
		return;
	if (buffer[0] == '\0')
		buffer[0] = '/';
	else
		buffer[1] = second;
	changed = NULL;
}

void audit_probe_answer(const char *candidate, unsigned flag, int directory_exists)
{
	const uintptr_t frame = (uintptr_t)__builtin_frame_address(0), at = (uintptr_t)candidate;
	char *buffer = (char *)candidate;

	if (!possible || !(flag & (LA_SER_LIBPATH | LA_SER_RUNPATH | LA_SER_DEFAULT)) ||
	    at - frame > STACK_REACH || buffer[0] != '/')
		return;
	changed = candidate;
	second = buffer[1];
	buffer[directory_exists ? 1 : 0] = '\0';
}
