/* SPDX-License-Identifier: BSD-3-Clause */
/* The note: read whole, written whole, under the store's lock. */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/store.h"
#include "spank-plugin/note.h"

enum { NOTE_MAX = 256 * 1024 };

/* A requeued job has the same id, and may have other nodes. */
static unsigned long restarts(void)
{
	const char *text = getenv("SLURM_RESTART_COUNT");

	return text ? strtoul(text, NULL, 10) : 0;
}

static void name_of(uint32_t job, char name[32])
{
	snprintf(name, 32, "note.%" PRIu32, job);
}

/* The first store that can be used: srun always looks into the same one. 1, or 0. */
static int open_store(struct dlfm_store *s, const char *const *dirs, enum dlfm_store_how how)
{
	int i;

	for (i = 0; dirs[i]; i++)
		if (dlfm_store_open(s, dirs[i], getuid(), how, NULL) > 0)
			return 1;
	return 0;
}

/* The whole text, to be freed; NULL if there is none. */
static char *read_note(const struct dlfm_store *s, uint32_t job)
{
	char name[32], *text = NULL;
	struct stat st;
	ssize_t n;
	int fd;

	name_of(job, name);
	fd = openat(s->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= NOTE_MAX)
		text = malloc(st.st_size + 1);
	n = text ? read(fd, text, st.st_size) : 0;
	close(fd);
	if (text)
		text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* Splits a line of this incarnation of the job; 0 if it is not one. */
static int split(char *line, char **key, char **nodes)
{
	char *end;

	if (strtoul(line, &end, 10) != restarts() || *end != ' ')
		return 0;
	*key = end + 1;
	*nodes = strchr(*key, ' ');
	if (!*nodes || (size_t)(*nodes - *key) >= DLFM_LEASE_KEY_MAX)
		return 0;
	*(*nodes)++ = '\0';
	return 1;
}

char *note_nodes(const char *const *dirs, uint32_t job, const char *wanted)
{
	char *text, *line, *save = NULL, *key, *nodes, *found = NULL;
	struct dlfm_store s;

	if (!open_store(&s, dirs, DLFM_STORE_LOOK))
		return NULL;
	text = read_note(&s, job);
	dlfm_store_close(&s);
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!split(line, &key, &nodes) || strcmp(key, wanted) != 0)
			continue;
		free(found);
		found = strdup(nodes);
	}
	free(text);
	return found;
}

/* The old lines but those of the key, and the new one. */
static void write_lines(int fd, char *old, const char *key, const char *nodes)
{
	char *line, *save = NULL, *old_key, *old_nodes;
	FILE *f = fdopen(fd, "w");

	if (!f) {
		close(fd);
		return;
	}
	for (line = old ? strtok_r(old, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		if (split(line, &old_key, &old_nodes) && strcmp(old_key, key) != 0)
			fprintf(f, "%lu %s %s\n", restarts(), old_key, old_nodes);
	fprintf(f, "%lu %s %s\n", restarts(), key, nodes);
	fclose(f);
}

void note_write(const char *const *dirs, uint32_t job, const char *key, const char *nodes)
{
	char name[32], temporary[64], *old;
	struct dlfm_store s;
	int fd;

	if (!open_store(&s, dirs, DLFM_STORE_MAKE))
		return;
	name_of(job, name);
	snprintf(temporary, sizeof(temporary), ".%s.%ld", name, (long)getpid());
	if (dlfm_store_lock(&s, NULL) == 0) {
		old = read_note(&s, job);
		fd = openat(s.fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd >= 0) {
			write_lines(fd, old, key, nodes);
			renameat(s.fd, temporary, s.fd, name);
		}
		free(old);
	}
	dlfm_store_close(&s);
}

void note_remove(const char *const *dirs, uint32_t job)
{
	struct dlfm_store s;
	char name[32];
	int i;

	name_of(job, name);
	for (i = 0; dirs[i]; i++) {
		if (dlfm_store_open(&s, dirs[i], getuid(), DLFM_STORE_CHANGE, NULL) <= 0)
			continue;
		if (dlfm_store_lock(&s, NULL) == 0) {
			unlinkat(s.fd, name, 0);
			dlfm_store_retire(&s);
		}
		dlfm_store_close(&s);
	}
}
