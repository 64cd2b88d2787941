/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * journal-dump: prints journals as text, one record a line, fields separated by tabs, for tests of
 * the injected objects.
 *
 *	HEADER layer flags pid ppid hwcaps fingerprint program LD_LIBRARY_PATH cwd
 *	COUNT counter value		(of those that are not 0)
 *	PATH|WRITE|SEARCH|TRY|OBJECT ops err count thread a b
 *	HOLE offset			(a record whose writer did not finish it)
 */
#include "config.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdlfm/fingerprint.h"
#include "libdlfm/journal.h"

static const char *const kinds[] = {
	[DLFM_REC_PATH] = "PATH", [DLFM_REC_WRITE] = "WRITE",	[DLFM_REC_SEARCH] = "SEARCH",
	[DLFM_REC_TRY] = "TRY",	  [DLFM_REC_OBJECT] = "OBJECT",
};
static const char *const counters[DLFM_N_COUNTERS] = {
	[DLFM_COUNT_HIT] = "hit",	    [DLFM_COUNT_ABSENT] = "absent",
	[DLFM_COUNT_RESOLVED] = "resolved", [DLFM_COUNT_OPEN] = "open",
	[DLFM_COUNT_LIST] = "list",	    [DLFM_COUNT_MISS] = "miss",
	[DLFM_COUNT_DIRTY] = "dirty",	    [DLFM_COUNT_LOCAL] = "local",
	[DLFM_COUNT_WRITE] = "write",
};

static const char *next_string(const char **p, const char *end)
{
	const char *s = *p, *nul = memchr(s, 0, (size_t)(end - s));

	if (!nul)
		errx(1, "the header's strings have no end");
	*p = nul + 1;
	return s;
}

static void print_header(const struct dlfm_journal_header *h)
{
	const char *p = (const char *)(h + 1), *end = p + h->strings;
	const char *program = next_string(&p, end), *path = next_string(&p, end);
	const char *tunables = next_string(&p, end), *node = next_string(&p, end);
	const char *cwd = next_string(&p, end);
	const struct dlfm_search_env env = {
		.program = program,
		.ld_library_path = strcmp(path, "\1") ? path : NULL,
		.tunables = strcmp(tunables, "\1") ? tunables : NULL,
		.hwcaps = h->hwcaps,
	};

	(void)node;
	printf("HEADER\t%s\t%u\t%u\t%u\t%llu\t%llx\t%s\t%s\t%s\n",
	       h->layer == DLFM_LAYER_DL ? "dl" : "fm", h->flags, h->pid, h->ppid,
	       (unsigned long long)h->hwcaps, (unsigned long long)dlfm_fingerprint(&env), program,
	       env.ld_library_path ? env.ld_library_path : "-", cwd);
	for (int i = 0; i < DLFM_N_COUNTERS; i++)
		if (h->counters[i])
			printf("COUNT\t%s\t%llu\n", counters[i] ? counters[i] : "?",
			       (unsigned long long)h->counters[i]);
}

static void print_record(const struct dlfm_journal_record *r)
{
	const char *a = (const char *)(r + 1), *b = a + r->a_len + 1;

	printf("%s\t%u\t%d\t%u\t%u\t%.*s\t%.*s\n",
	       r->kind <= DLFM_REC_OBJECT ? kinds[r->kind] : "?", r->ops, r->err, r->count,
	       r->thread, (int)r->a_len, a, (int)r->b_len, b);
}

static void dump(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	struct stat st;
	const char *base;
	uint64_t at, end;

	if (fd < 0 || fstat(fd, &st) != 0)
		err(1, "%s", file);
	base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		err(1, "%s", file);
	close(fd);
	const struct dlfm_journal_header *h = (const void *)base;
	if (memcmp(h->magic, DLFM_JOURNAL_MAGIC, sizeof(h->magic)) != 0)
		errx(1, "%s: no journal", file);
	print_header(h);
	end = h->tail < (uint64_t)st.st_size ? h->tail : (uint64_t)st.st_size;
	at = (sizeof(*h) + h->strings + 7) / 8 * 8;
	while (at + sizeof(struct dlfm_journal_record) <= end) {
		const struct dlfm_journal_record *r = (const void *)(base + at);

		if (r->mark == (DLFM_RECORD_MARK ^ (uint32_t)at) && r->kind &&
		    at + r->size <= end) {
			print_record(r);
			at += r->size;
		} else {
			printf("HOLE\t%llu\n", (unsigned long long)at);
			at += 8;
		}
	}
	munmap((void *)base, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		dump(argv[i]);
	return 0;
}
