/* SPDX-License-Identifier: BSD-3-Clause */
/* What dlfm explain asks, and of whom: a cache.dat, or an image that is staged on this node. */
#ifndef DLFM_CLI_EXPLAIN_H
#define DLFM_CLI_EXPLAIN_H

#include <limits.h>

#include "cache-tools/cache-file.h"
#include "cache-tools/file-systems.h"
#include "cache-tools/history.h"
#include "cache-tools/index.h"
#include "libdlfm/image.h"

struct json_object;

struct explain_source {
	const char *name;	  /* of the cache file or the image */
	int is_image;		  /* the cache, its history and reasons are not known */
	struct dlfm_image im;	  /* asked by the code that the injected objects use */
	struct dlfm_cache_file f; /* f.cache NULL: an image */
	struct dlfm_index index;
	struct dlfm_history *history; /* NULL: not known */
	struct dlfm_policy policy;    /* the default one, with the cache's scope */
	struct dlfm_file_systems *systems;
	char image[PATH_MAX];
};

/* explain-source.c */

/*
 * Opens a cache file or an image's directory; NULL: the image in which the command runs, or the only one that is staged
 * on this node. -1 with a text. To be closed in any case.
 */
int explain_open(struct explain_source *s, const char *name, struct dlfm_error *e);
void explain_close(struct explain_source *s);

/* explain-path.c */

/* Adds what there is to say of an absolute path to `o`. */
void explain_path(struct explain_source *s, const char *path, struct json_object *o);
/* "from memory", "from memory: absent" or "the file system". */
const char *explain_short(const struct explain_source *s, const char *path);

/* explain-reason.c */

/* Adds why a path that the cache does not know is not in it ("reason", "why", "advice"). */
void explain_reason(struct explain_source *s, const char *path, struct json_object *o);

/* explain-soname.c */

/* Adds who asks for the name, and what each gets, to `o`. Returns how many that are, candidates included. */
int explain_soname(struct explain_source *s, const char *name, struct json_object *o);
/* Adds the searches that end at a path ("resolutions"); their number. */
int explain_searches_to(struct explain_source *s, const char *path, struct json_object *o);

/* A text as a member. */
void explain_put(struct json_object *o, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
