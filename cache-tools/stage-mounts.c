/* SPDX-License-Identifier: BSD-3-Clause */
/* Where file systems with recorded files are mounted on this node. */
#include "config.h"

#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/stage-mounts.h"

void stage_mounts_free(struct stage_mounts *mounts)
{
	while (mounts->n > 0)
		free((char *)mounts->at[--mounts->n].path.at);
}

static int is_there(const struct stage_mounts *mounts, const char *dir)
{
	size_t i;

	for (i = 0; i < mounts->n; i++)
		if (strcmp(mounts->at[i].path.at, dir) == 0)
			return 1;
	return 0;
}

/* Returns -1 if there is no room or no memory. */
static int add(struct stage_mounts *mounts, const char *dir)
{
	struct stat st;
	char *path;

	if (stat(dir, &st) < 0)
		st = (struct stat){
			.st_ino = 0}; /* like no other: what lies there is answered nowhere else */
	path = mounts->n < DLFM_MOUNT_LIMIT ? strdup(dir) : NULL;
	if (!path)
		return -1;
	mounts->at[mounts->n++] = (struct dlfm_image_in_mount){
		.path = {path, strlen(path)}, .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

void stage_mounts_find(struct stage_mounts *mounts, const struct dlfm_cache *c)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	int rc = 0;

	mounts->n = 0;
	while (f && rc == 0 && (m = getmntent(f)))
		if (strcmp(m->mnt_dir, "/") != 0 && !is_there(mounts, m->mnt_dir) &&
		    dlfm_cache_find(c, m->mnt_dir, strlen(m->mnt_dir)) != DLFM_NONE)
			rc = add(mounts, m->mnt_dir);
	if (f)
		endmntent(f);
	if (rc < 0)
		stage_mounts_free(mounts);
}
