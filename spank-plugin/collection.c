/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of a journal directory that says what is to be done with it: "<nodes> <node>\n<ticket>\n". */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank-plugin/collection.h"

static int open_in(const char *journal, const char *name, int flags, struct dlfm_error *e)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", journal, name) >= PATH_MAX)
		return dlfm_errf(e, "%.100s...: the path is too long", journal);
	fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? dlfm_errnof(e, "%s", path) : fd;
}

static int write_text(int fd, const struct collection *c, const char *ticket)
{
	FILE *f = fdopen(fd, "w");

	if (!f)
		return -1;
	fprintf(f, "%u %u\n%s\n", c->nodes, c->node, ticket);
	return fclose(f);
}

int collection_write(const struct collection *c, const char *journal, struct dlfm_error *e)
{
	char own[32], from[PATH_MAX], to[PATH_MAX], *ticket = malloc(TICKET_TEXT_MAX);
	int fd = -1, rc = -1;

	snprintf(own, sizeof(own), ".ticket.%ld", (long)getpid());
	if (!ticket || ticket_format(&c->ticket, ticket) < 0)
		dlfm_errf(e, "no memory");
	else if ((fd = open_in(journal, own, O_WRONLY | O_CREAT | O_EXCL, e)) >= 0)
		rc = write_text(fd, c, ticket);
	free(ticket);
	if (fd >= 0 && rc < 0)
		return dlfm_errnof(e, "cannot write %s/%s", journal, own);
	if (rc < 0)
		return -1;
	snprintf(from, sizeof(from), "%s/%s", journal, own);
	snprintf(to, sizeof(to), "%s/.ticket", journal);
	return rename(from, to) < 0 ? dlfm_errnof(e, "cannot rename %s", from) : 0;
}

int collection_read(struct collection *c, const char *journal, struct dlfm_error *e)
{
	char *text = calloc(1, TICKET_TEXT_MAX);
	int fd = open_in(journal, ".ticket", O_RDONLY | O_NONBLOCK, e), n = 0, rc = -1;

	if (fd >= 0 && text && read(fd, text, TICKET_TEXT_MAX - 1) > 0) {
		text[strcspn(text, "\n")] = ' ';
		text[strcspn(text, "\n")] = '\0';
		if (sscanf(text, "%u %u %n", &c->nodes, &c->node, &n) == 2 && n > 0)
			rc = ticket_parse(&c->ticket, text + n, e);
		else
			dlfm_errf(e, "%s/.ticket is damaged", journal);
	} else if (fd >= 0) {
		dlfm_errf(e, "%s/.ticket is empty", journal);
	}
	free(text);
	if (fd >= 0)
		close(fd);
	return rc;
}
