/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading journals, whole or broken off. */
#include "config.h"

#include "cache-tools/journal-read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-file.h"

static const char suffix[] = ".journal";

static const char *set_or_null(const char *text)
{
	return text[0] == '\1' && text[1] == 0 ? NULL : text;
}

/* Points the five strings behind the header into the bytes. */
static int find_strings(struct dlfm_journal_copy *j)
{
	const char *p = j->bytes + sizeof(j->header), *end = p + j->header.strings;
	const char *strings[5];
	int i;

	for (i = 0; i < 5; i++) {
		const char *nul = p < end ? memchr(p, 0, (size_t)(end - p)) : NULL;

		if (!nul)
			return -1;
		strings[i] = p;
		p = nul + 1;
	}
	j->program = strings[0];
	j->ld_library_path = set_or_null(strings[1]);
	j->tunables = set_or_null(strings[2]);
	j->node = strings[3];
	j->cwd = strings[4];
	return 0;
}

static int check_header(struct dlfm_journal_copy *j, struct dlfm_error *e)
{
	const struct dlfm_journal_header *h = &j->header;

	if (j->size < sizeof(*h))
		return 1;
	memcpy(&j->header, j->bytes, sizeof(*h));
	if (memcmp(h->magic, DLFM_JOURNAL_MAGIC, sizeof(h->magic)) != 0)
		return 1;
	if (h->version != DLFM_JOURNAL_VERSION)
		return dlfm_errf(
			e,
			"has version %u of the journal, this dlfm reads version %d: the injected "
			"objects are those of another dlfm",
			h->version, DLFM_JOURNAL_VERSION);
	if (h->strings > j->size - sizeof(*h) || find_strings(j) < 0)
		return 1;
	j->first = (sizeof(*h) + h->strings + 7) & ~(size_t)7;
	if (h->tail < j->size)
		j->size = h->tail;
	return j->first > j->size;
}

static int read_all(struct dlfm_journal_copy *j, int fd, struct dlfm_error *e)
{
	struct dlfm_journal_header h;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return dlfm_errf(e, "is not a regular file");
	/* A journal says where libraries were found, and a cache of it has them loaded from there. */
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return dlfm_errf(
			e,
			"belongs to uid %u, neither to you nor to root: what it says would "
			"decide what programs load; copy it if you trust it",
			st.st_uid);
	j->size = (size_t)st.st_size;
	if (st.st_size > (off_t)DLFM_JOURNAL_MAX)
		j->size = DLFM_JOURNAL_MAX;
	/* a file is larger than what is written in it */
	if (dlfm_read_at(fd, &h, sizeof(h), 0) == sizeof(h) && h.tail < j->size)
		j->size = h.tail < sizeof(h) ? sizeof(h) : (size_t)h.tail;
	j->bytes = malloc(j->size + 1);
	if (!j->bytes)
		return dlfm_errf(e, "no memory");
	n = dlfm_read_at(fd, j->bytes, j->size, 0);
	if (n < 0)
		return dlfm_errnof(e, "cannot be read");
	j->size = (size_t)n;
	return check_header(j, e);
}

int dlfm_journal_copy(struct dlfm_journal_copy *j, int dirfd, const char *name,
		      struct dlfm_error *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), rc;

	*j = (struct dlfm_journal_copy){.bytes = NULL};
	if (fd < 0)
		return dlfm_errnof(e, "%s: cannot be opened", name);
	rc = read_all(j, fd, e);
	close(fd);
	if (rc != 0)
		dlfm_journal_release(j);
	return rc < 0 ? dlfm_err_prefix(e, "%s", name) : rc;
}

void dlfm_journal_release(struct dlfm_journal_copy *j)
{
	free(j->bytes);
	j->bytes = NULL;
}

/* Is there a whole record at this place? */
static int get_record(const struct dlfm_journal_copy *j, size_t at, struct dlfm_journal_record *r)
{
	const char *strings = j->bytes + at + sizeof(*r);
	uint64_t need;

	memcpy(r, j->bytes + at, sizeof(*r));
	if (r->mark != (DLFM_RECORD_MARK ^ (uint32_t)at) || r->kind == DLFM_REC_NONE ||
	    r->kind > DLFM_REC_OBJECT || r->size % 8 || r->size > j->size - at)
		return 0;
	need = sizeof(*r) + (uint64_t)r->a_len + r->b_len + 2;
	return need <= r->size && strings[r->a_len] == 0 && strings[r->a_len + 1 + r->b_len] == 0 &&
	       !memchr(strings, 0, r->a_len) && !memchr(strings + r->a_len + 1, 0, r->b_len);
}

int dlfm_journal_next(const struct dlfm_journal_copy *j, size_t *at, struct dlfm_journal_line *line)
{
	struct dlfm_journal_record r;
	size_t i;

	for (i = *at; j->size >= sizeof(r) && i <= j->size - sizeof(r); i += 8) {
		const char *strings = j->bytes + i + sizeof(r);

		if (!get_record(j, i, &r))
			continue;
		*line = (struct dlfm_journal_line){
			.kind = r.kind,
			.ops = r.ops,
			.err = r.err,
			.count = r.count,
			.thread = r.thread,
			.a = strings,
			.b = strings + r.a_len + 1,
			.a_len = r.a_len,
			.b_len = r.b_len,
		};
		*at = i + r.size;
		return 1;
	}
	*at = j->size;
	return 0;
}

int dlfm_journal_is_own(const struct dlfm_journal_line *line)
{
	const char *name = strrchr(line->kind == DLFM_REC_SEARCH ? line->b : line->a, '/');

	return name && (strcmp(name, "/libdlfm.so") == 0 || strcmp(name, "/dlfm-audit.so") == 0);
}

static int is_journal(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > sizeof(suffix) && strcmp(d->d_name + len - (sizeof(suffix) - 1), suffix) == 0;
}

static int take_one(int dirfd, const char *name,
		    int (*take)(void *arg, const struct dlfm_journal_copy *j, struct dlfm_error *e),
		    void *arg, struct dlfm_error *e)
{
	struct dlfm_journal_copy j;
	int rc = dlfm_journal_copy(&j, dirfd, name, e);

	if (rc != 0)
		return rc;
	rc = take(arg, &j, e);
	dlfm_journal_release(&j);
	return rc < 0 ? -1 : 0;
}

int dlfm_journal_each(const char *dir,
		      int (*take)(void *arg, const struct dlfm_journal_copy *j,
				  struct dlfm_error *e),
		      void *arg, struct dlfm_error *e)
{
	struct dirent **names = NULL;
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int n = dirfd < 0 ? -1 : scandirat(dirfd, ".", &names, is_journal, alphasort);
	int i, rc = 0, taken = 0;

	if (n < 0)
		dlfm_errnof(e, "%s: the journals cannot be listed", dir);
	for (i = 0; i < n; i++) {
		if (rc >= 0)
			rc = take_one(dirfd, names[i]->d_name, take, arg, e);
		taken += rc == 0;
		free(names[i]);
	}
	free(names);
	if (dirfd >= 0)
		close(dirfd);
	if (n >= 0 && rc < 0)
		dlfm_err_prefix(e, "%s", dir);
	return n < 0 || rc < 0 ? -1 : taken;
}
