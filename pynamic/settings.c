/* SPDX-License-Identifier: BSD-3-Clause */
/* config.mk: the settings of a tree's build. It changes only when a setting does; then everything
 * is built anew. */
#include <stdio.h>
#include <string.h>

#include "pynamic/settings.h"
#include "pynamic/text.h"

/* The value of a line "NAME = value" in the old file; 0 if there is none. */
static int old_value(const struct pyn_text *old, const char *name, char *value, size_t size)
{
	size_t length = strlen(name);
	const char *line = old->data, *end = old->data + old->length;

	while (line && line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			stop = end;
		if ((size_t)(stop - line) >= length + 3 && memcmp(line, name, length) == 0 &&
		    memcmp(line + length, " = ", 3) == 0) {
			snprintf(value, size, "%.*s", (int)(stop - line - (long)length - 3),
				 line + length + 3);
			return 1;
		}
		line = stop + 1;
	}
	return 0;
}

static int put_setting(struct pyn_text *t, const struct pyn_text *old, const char *name,
		       const char *given, struct dlfm_error *e)
{
	char kept[4096];

	if (given && strpbrk(given, "\n#"))
		return dlfm_errf(e, "%s=%s: neither # nor newlines can be given to make", name,
				 given);
	if (!given && !old_value(old, name, kept, sizeof kept))
		return 0;
	pyn_puts(t, name, " = ", given ? strcmp(given, "none") == 0 ? "" : given : kept, "\n",
		 (char *)NULL);
	return 0;
}

int pyn_settings_save(const struct pyn_build *b, int dirfd, struct dlfm_error *e)
{
	const struct {
		const char *name, *value;
	} settings[] = {{"CC", b->cc},	       {"CXX", b->cxx},	      {"MPICC", b->mpicc},
			{"PYTHON", b->python}, {"CFLAGS", b->cflags}, {"LDFLAGS", b->ldflags}};
	struct pyn_text t = {0}, old = {0};
	int rv = 0;

	pyn_load(&old, dirfd, "config.mk", NULL);
	pyn_put(&t, "# written by pynamic build\n");
	for (unsigned i = 0; i < sizeof settings / sizeof settings[0] && rv == 0; i++)
		rv = put_setting(&t, &old, settings[i].name, settings[i].value, e);
	if (rv == 0 && pyn_save(&t, dirfd, "config.mk", e) < 0)
		rv = -1;
	pyn_text_free(&t);
	pyn_text_free(&old);
	return rv;
}
