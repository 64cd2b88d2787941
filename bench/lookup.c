/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nanoseconds a lookup: all paths of a node image in random order, by the reader itself (image.h)
 * and by stat(2) as a program calls it (through libdlfm.so when run under dlfm replay).
 *
 *	lookup IMAGE-DIRECTORY [ROUNDS]		prints a JSON object
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libdlfm/image.h"

#define MAX_ROUNDS 101

static int rounds = 21;

struct paths {
	const char **names;
	size_t *lens;
	size_t n;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void *map(const char *dir, const char *name, size_t *size)
{
	char path[4096];
	struct stat st;
	void *p = MAP_FAILED;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0) {
		*size = (size_t)st.st_size;
		p = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	}
	if (p == MAP_FAILED) {
		fprintf(stderr, "lookup: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
	return p;
}

static void add(struct paths *p, const char *name)
{
	p->names = realloc(p->names, (p->n + 1) * sizeof(*p->names));
	p->lens = realloc(p->lens, (p->n + 1) * sizeof(*p->lens));
	if (!p->names || !p->lens)
		exit(1);
	p->names[p->n] = name;
	p->lens[p->n++] = strlen(name);
}

/* The same order each time, and no friend of the caches. */
static void shuffle(struct paths *p)
{
	uint64_t seed = 88172645463325252u;

	for (size_t i = p->n; i > 1; i--) {
		const char *name;
		size_t j, len;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		j = seed % i;
		name = p->names[i - 1];
		len = p->lens[i - 1];
		p->names[i - 1] = p->names[j];
		p->lens[i - 1] = p->lens[j];
		p->names[j] = name;
		p->lens[j] = len;
	}
}

/* The image's own paths by what a lookup answers, and some that it cannot know. */
static void collect(const struct dlfm_image *im, struct paths by_answer[3])
{
	static char unknown[1000][40];

	for (uint32_t i = 0; i < im->header->entries.count; i++) {
		const char *path = dlfm_image_string(im, dlfm_image_entry(im, i)->path);
		struct dlfm_found f = dlfm_image_lookup(im, path, strlen(path), 1);

		if (f.answer != DLFM_UNKNOWN)
			add(&by_answer[f.answer], path);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(unknown[i], sizeof(unknown[i]), "/proc/self/nothing%d", i);
		add(&by_answer[DLFM_UNKNOWN], unknown[i]);
	}
	for (int i = 0; i < 3; i++)
		shuffle(&by_answer[i]);
}

static uint64_t ask_image(const struct dlfm_image *im, const struct paths *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += dlfm_image_lookup(im, p->names[i], p->lens[i], 1).answer;
	return sum;
}

static uint64_t ask_libc(const struct dlfm_image *im, const struct paths *p)
{
	struct stat st;
	uint64_t sum = 0;

	(void)im;
	for (size_t i = 0; i < p->n; i++)
		sum += (uint64_t)(stat(p->names[i], &st) == 0);
	return sum;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Median of the rounds, nanoseconds a lookup; each round repeats a small set until it can be timed.
 */
static double measure(uint64_t (*ask)(const struct dlfm_image *, const struct paths *),
		      const struct dlfm_image *im, const struct paths *p)
{
	uint64_t sum = 0;
	size_t repeats = p->n ? 20000 / p->n + 1 : 0;
	double times[MAX_ROUNDS];

	if (!p->n)
		return 0;
	for (int r = -1; r < rounds; r++) {
		double start = now();

		for (size_t i = 0; i < repeats; i++)
			sum += ask(im, p);
		if (r >= 0)
			times[r] = (now() - start) / (double)(repeats * p->n);
	}
	if (sum == UINT64_MAX) /* never: but the compiler must not know */
		puts("");
	qsort(times, (size_t)rounds, sizeof(times[0]), ascending);
	return times[rounds / 2];
}

int main(int argc, char **argv)
{
	static const char *const names[3] = {"unknown", "absent", "present"};
	struct paths by_answer[3] = {{NULL, NULL, 0}, {NULL, NULL, 0}, {NULL, NULL, 0}};
	struct dlfm_image im;
	size_t index_size, dirty_size;
	void *index, *dirty;

	if (argc == 3)
		rounds = atoi(argv[2]);
	if (argc < 2 || argc > 3 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "Usage: lookup IMAGE-DIRECTORY [ROUNDS]\n");
		return 2;
	}
	index = map(argv[1], "index", &index_size);
	dirty = map(argv[1], "dirty", &dirty_size);
	if (dlfm_image_attach(&im, index, index_size, dirty, dirty_size) < 0) {
		fprintf(stderr, "lookup: %s: not a node image of this version\n", argv[1]);
		return 1;
	}
	collect(&im, by_answer);
	printf("{\"entries\": %u, \"index_bytes\": %zu", (unsigned)im.header->entries.count,
	       index_size);
	for (int i = 0; i < 3; i++)
		printf(", \"%s\": {\"paths\": %zu, \"image_ns\": %.1f, \"stat_ns\": %.1f}",
		       names[i], by_answer[i].n, measure(ask_image, &im, &by_answer[i]),
		       measure(ask_libc, &im, &by_answer[i]));
	printf("}\n");
	return 0;
}
