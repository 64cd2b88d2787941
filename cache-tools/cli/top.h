/* SPDX-License-Identifier: BSD-3-Clause */
/* The lookups of a recording, summed up: by directory (a tree), by kind, or file by file. */
#ifndef DLFM_CLI_TOP_H
#define DLFM_CLI_TOP_H

#include "cache-tools/history.h"

struct top_sum {
	uint64_t lookups, failed; /* system calls of a run without DLFM; those that failed */
	uint64_t bytes;		  /* of the files that were opened, each file once */
	uint64_t paths;		  /* distinct */
};

struct top_node {
	const char *name; /* the last component, not NUL-terminated; "/" for the root */
	uint32_t len;
	struct top_sum sum;   /* with all below */
	uint64_t own;	      /* lookups of this very path */
	uint32_t child, next; /* DLFM_NONE: none */
	uint32_t parent;
};

struct top_tree {
	struct top_node *nodes; /* the first is "/" */
	uint32_t n, max;
	struct dlfm_arena *arena;
};

/* top-tree.c */

/* Sums up; children stand in the order of their lookups, the most first. -1: no memory. */
int top_tree_make(struct top_tree *t, const struct dlfm_history *h);
void top_tree_free(struct top_tree *t);
void top_add(struct top_sum *to, const struct dlfm_history_path *p);
/* The only child that matters, if a node is little more than the way to it; else DLFM_NONE. */
uint32_t top_only_child(const struct top_tree *t, uint32_t node);

/* top-text.c, top-json.c: `lines` at most (of the flat list), `depth` levels at most */
void top_print_tree(const struct top_tree *t, unsigned depth);
void top_print_files(const struct dlfm_history *h, uint64_t lines, uint64_t all);
void top_print_kinds(const struct dlfm_history *h, uint64_t all);
struct json_object *top_tree_json(const struct top_tree *t, uint32_t node, unsigned depth);
struct json_object *top_files_json(const struct dlfm_history *h, uint64_t lines);
struct json_object *top_kinds_json(const struct dlfm_history *h);

/* top-kind.c */

enum top_kind { TOP_SEARCHED, TOP_LIBRARY, TOP_PYTHON, TOP_DIRECTORY, TOP_OTHER, TOP_KINDS };
extern const char *const top_kind_names[TOP_KINDS]; /* in words */
extern const char *const top_kind_keys[TOP_KINDS];  /* for JSON */
enum top_kind top_kind_of(const struct dlfm_history_path *p);
/* Sums of each kind. */
void top_kinds(const struct dlfm_history *h, struct top_sum sums[TOP_KINDS]);
/* The paths with the most lookups first, malloced; NULL: no memory. */
const struct dlfm_history_path **top_files(const struct dlfm_history *h);

/* top-svg.c */

/* Writes the picture: a level of directories a row, width by lookups, the redder the more of them failed. -1 with a text. */
int top_svg(const struct top_tree *t, const char *file, const char *title, struct dlfm_error *e);

#endif
