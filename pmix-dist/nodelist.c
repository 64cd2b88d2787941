/* SPDX-License-Identifier: BSD-3-Clause */
/* Many node names as one short text: n[1-3,7]. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmix-dist/verdict.h"

/* A name's part before its last digits, and those digits. */
static size_t prefix_length(const char *name)
{
	size_t n = strlen(name);

	while (n > 0 && isdigit((unsigned char)name[n - 1]) && strlen(name) - n < 9)
		n--;
	return n;
}

static int compare(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t m = prefix_length(x), n = prefix_length(y);
	int rc = strncmp(x, y, m > n ? m : n);

	if (m != n || rc != 0)
		return rc != 0 ? rc : (m > n) - (m < n);
	/* By number; equal numbers by their width. */
	rc = strlen(x) < strlen(y) ? -1 : strlen(x) > strlen(y);
	return rc != 0 ? rc : strcmp(x, y);
}

/* May share one bracket: same prefix, and the same number of digits unless no zero leads. */
static int same_group(const char *a, const char *b)
{
	size_t n = prefix_length(a);

	if (n != prefix_length(b) || memcmp(a, b, n) != 0 || !a[n] || !b[n])
		return 0;
	return strlen(a) == strlen(b) || (a[n] != '0' && b[n] != '0');
}

static int next_number(const char *a, const char *b)
{
	return same_group(a, b) && atol(b + prefix_length(b)) == atol(a + prefix_length(a)) + 1;
}

struct text {
	char *at;
	size_t left;
	int full;
};

static void put(struct text *t, const char *s, size_t n)
{
	/* room for "]" and "..." is kept */
	if (t->full || n + 5 > t->left) {
		t->full = 1;
		return;
	}
	memcpy(t->at, s, n);
	t->at += n;
	t->left -= n;
	*t->at = '\0';
}

/* names[i..j) have one prefix. */
static void put_group(struct text *t, const char **names, size_t i, size_t j)
{
	size_t prefix = prefix_length(names[i]), k;

	if (j - i == 1) {
		put(t, names[i], strlen(names[i]));
		return;
	}
	put(t, names[i], prefix);
	put(t, "[", 1);
	for (; i < j; i = k) {
		for (k = i + 1; k < j && next_number(names[k - 1], names[k]);)
			k++;
		put(t, names[i] + prefix, strlen(names[i] + prefix));
		if (k - i > 1) {
			put(t, "-", 1);
			put(t, names[k - 1] + prefix, strlen(names[k - 1] + prefix));
		}
		if (k < j)
			put(t, ",", 1);
	}
	put(t, "]", 1);
}

void nodelist_format(char *text, size_t size, const char **names, size_t n)
{
	struct text t = {.at = text, .left = size};
	size_t i, j;

	text[0] = '\0';
	qsort(names, n, sizeof(names[0]), compare);
	for (i = 0; i < n && !t.full; i = j) {
		for (j = i + 1; j < n && same_group(names[i], names[j]);)
			j++;
		put_group(&t, names, i, j);
		if (j < n)
			put(&t, ",", 1);
	}
	if (t.full && t.left > 4)
		strcpy(t.at, "...");
}
