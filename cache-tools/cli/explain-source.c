/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding and opening what dlfm explain asks. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cli/explain.h"
#include "cache-tools/store.h"
#include "libdlfm/environment.h"

static int open_image(struct explain_source *s, const char *dir, struct dlfm_error *e)
{
	s->is_image = 1;
	s->policy.scope = DLFM_SCOPE_ALL; /* it does not say by which scope it was packed */
	if (!realpath(dir, s->image))
		return dlfm_errnof(e, "%s", dir);
	if (dlfm_image_map(&s->im, s->image) == 0)
		return 0;
	return dlfm_errf(
		e,
		"%s: is not a node image that this user can use here; name a cache file or "
		"an image's own directory",
		dir);
}

static int open_cache(struct explain_source *s, const char *name, struct dlfm_error *e)
{
	char id[DLFM_CACHE_ID_TEXT];

	if (dlfm_cache_open(&s->f, name, e) < 0)
		return -1;
	dlfm_digest_text(id, s->f.cache->header.id);
	snprintf(s->image, sizeof(s->image), "/dev/shm/dlfm-%u/%s/root", geteuid(), id);
	if (dlfm_index_make(&s->index, s->f.cache, s->image, e) < 0)
		return dlfm_err_prefix(e, "%s", name);
	if (dlfm_image_attach(&s->im, s->index.index, s->index.index_size, s->index.dirty,
			      s->index.dirty_size) < 0)
		return dlfm_errf(e, "%s: its index is not valid; record it anew", name);
	*strrchr(s->image, '/') = 0;
	if (s->f.cache->scope != DLFM_SCOPE_DEFAULT)
		s->policy.scope = s->f.cache->scope;
	if (!s->f.cache->history)
		return 0;
	s->history = dlfm_history_read(s->f.cache->history, e);
	return s->history ? 0 : dlfm_err_prefix(e, "%s", name);
}

/* Looks through one directory for images: counts them, keeps the name of the last. */
static int find_in(const char *dir, char image[PATH_MAX])
{
	struct dlfm_store store;
	struct dirent *d;
	DIR *names;
	int n = 0;

	if (dlfm_store_open(&store, dir, geteuid(), DLFM_STORE_LOOK, NULL) != 1)
		return 0;
	names = dlfm_store_names(store.fd);
	while (names && (d = readdir(names))) {
		if (!dlfm_store_is_id(d->d_name))
			continue;
		n++;
		snprintf(image, PATH_MAX, "%.*s/%s", PATH_MAX - NAME_MAX - 2, store.path,
			 d->d_name);
	}
	if (names)
		closedir(names);
	dlfm_store_close(&store);
	return n;
}

static int find_image(char image[PATH_MAX], struct dlfm_error *e)
{
	const char *within = getenv(DLFM_ENV_WITHIN);
	const char *const *dirs;
	int n = 0;

	if (within && *within) {
		snprintf(image, PATH_MAX, "%s", within);
		return 0;
	}
	for (dirs = dlfm_store_dirs(NULL); *dirs; dirs++)
		n += find_in(*dirs, image);
	if (n == 1)
		return 0;
	if (n == 0)
		return dlfm_errf(e,
				 "no image of this user is staged on this node; name a cache file");
	return dlfm_errf(e,
			 "%d images are staged on this node, such as %s; name the one that is "
			 "meant, or a cache file",
			 n, image);
}

int explain_open(struct explain_source *s, const char *name, struct dlfm_error *e)
{
	char image[PATH_MAX];
	struct stat st;

	*s = (struct explain_source){.name = name, .f = {.fd = -1}};
	dlfm_policy_default(&s->policy);
	s->systems = dlfm_file_systems_new(&s->policy);
	if (!s->systems)
		return dlfm_errf(e, "no memory");
	if (name && (stat(name, &st) < 0 || !S_ISDIR(st.st_mode)))
		return open_cache(s, name, e);
	if (!name && find_image(image, e) < 0)
		return -1;
	if (open_image(s, name ? name : image, e) < 0)
		return -1;
	s->name = s->image;
	return 0;
}

void explain_close(struct explain_source *s)
{
	dlfm_history_free(s->history);
	dlfm_file_systems_free(s->systems);
	dlfm_policy_free(&s->policy);
	if (s->f.cache)
		dlfm_cache_close(&s->f);
	free(s->index.index);
	free(s->index.dirty);
}
