/* SPDX-License-Identifier: BSD-3-Clause */
/* Containers: are we in one, and would one see node images? */
#include "config.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cache-tools/doctor/doctor.h"
#include "libdlfm/environment.h"
#include "libdlfm/image.h"

static const char inside_advice[] = "record and replay inside the container: put dlfm replay CACHE "
				    "in front of the command there";

/* The image of a replay outside, as it is seen from here. */
struct outer {
	const char *dir; /* NULL: there is none */
	int visible, can_map, used;
	struct dlfm_image image; /* if used */
};

static void look_outside(struct outer *o)
{
	char index[PATH_MAX];
	struct statvfs v;

	*o = (struct outer){.dir = getenv(DLFM_ENV_WITHIN)};
	if (!o->dir)
		return;
	snprintf(index, sizeof(index), "%s/index", o->dir);
	o->visible = access(index, R_OK) == 0;
	o->can_map = statvfs(o->dir, &v) == 0 && !(v.f_flag & ST_NOEXEC);
	o->used = dlfm_image_map(&o->image, o->dir) == 0;
}

static int is_inside(const struct outer *o)
{
	return getenv("APPTAINER_CONTAINER") || getenv("SINGULARITY_CONTAINER") ||
	       access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0 ||
	       (o->dir && (!o->visible || (o->used && o->image.elsewhere)));
}

/* The first recorded mount that is the same here as outside. */
static const char *first_shared(const struct dlfm_image *im)
{
	const struct dlfm_image_area *a = &im->header->mounts;
	const struct dlfm_image_mount *mounts = (const void *)(im->base + a->offset);
	uint32_t i = 0;

	while (i + 1 < a->count && !(im->shared >> i & 1))
		i++;
	return dlfm_image_string(im, mounts[i].path);
}

static void check_inside(struct doctor *d, const struct outer *o)
{
	if (!o->dir)
		doctor_add(d, DOCTOR_OK, "container", NULL,
			   "this is a container; dlfm replay works in it as outside");
	else if (!o->visible)
		doctor_add(d, DOCTOR_WARN, "container", inside_advice,
			   "this is a container, and does not see the image of the replay outside, "
			   "%s: the command runs without DLFM",
			   o->dir);
	else if (!o->can_map)
		doctor_add(
			d, DOCTOR_WARN, "container", inside_advice,
			"this is a container, and sees the image of the replay outside, %s, on a "
			"noexec mount: no library can be mapped from there, and the command runs "
			"without DLFM",
			o->dir);
	else if (!o->used)
		doctor_add(d, DOCTOR_WARN, "container", inside_advice,
			   "this is a container, and sees the image of the replay outside, %s; "
			   "nothing that it knows is the same here, so it is not used",
			   o->dir);
	else if (o->image.elsewhere)
		doctor_add(d, DOCTOR_OK, "container", NULL,
			   "this is a container: the image of the replay outside, %s, answers for "
			   "what both have in common (%s ...)",
			   o->dir, first_shared(&o->image));
	else
		doctor_add(
			d, DOCTOR_OK, "container", NULL,
			"this is a container with the root directory of the node: the image of the "
			"replay outside, %s, is used",
			o->dir);
}

/* "key = value" of an apptainer.conf; 0: it is not there. */
static int get_setting(const char *file, const char *key, char *value, size_t size)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t room = 0, len = strlen(key);
	int found = 0;

	while (f && getline(&line, &room, f) > 0) {
		const char *at = line + len;

		if (strncmp(line, key, len) != 0)
			continue;
		at += strspn(at, " \t");
		if (*at != '=')
			continue;
		at += 1 + strspn(at + 1, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(at, " \t\n"), at);
		found = 1;
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static void check_apptainer(struct doctor *d)
{
	static const char *const files[] = {"/etc/apptainer/apptainer.conf",
					    "/etc/singularity/singularity.conf",
					    "/usr/local/etc/apptainer/apptainer.conf"};
	char value[32] = "yes";
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (get_setting(files[i], "mount dev", value, sizeof(value)))
			break;
	if (strcmp(value, "yes") == 0)
		doctor_add(d, DOCTOR_OK, "Apptainer", NULL,
			   "containers share the node's /dev/shm: dlfm replay inside finds room "
			   "there");
	else
		doctor_add(d, DOCTOR_WARN, "Apptainer",
			   "start containers with --bind /dev/shm, or set mount dev = yes",
			   "mount dev = %s: containers have a small /dev/shm of their own", value);
}

/* The options with which a line of an fstab(5) mounts something at a place, cut out of it; NULL: another place. */
static char *options_at(char *line, const char *place)
{
	char *save = NULL, *word, *at = NULL;
	int i;

	for (i = 0, word = strtok_r(line, " \t\n", &save); word && *word != '#' && i < 4;
	     i++, word = strtok_r(NULL, " \t\n", &save)) {
		if (i == 1 && strcmp(word, place) != 0)
			return NULL;
		if (i == 3)
			at = word;
	}
	return at;
}

/* Is /dev/shm noexec after the last mount that enroot makes there? Its files are taken in the order of their names. */
static int enroot_mounts_noexec(char file[PATH_MAX])
{
	const char *conf = getenv("ENROOT_SYSCONF_PATH"), *options;
	char pattern[PATH_MAX], *line = NULL;
	size_t i, size = 0;
	int noexec = 0;
	FILE *f;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/mounts.d/*.fstab", conf ? conf : "/etc/enroot");
	if (glob(pattern, 0, NULL, &g) != 0)
		return 0;
	for (i = 0; i < g.gl_pathc; i++) {
		f = fopen(g.gl_pathv[i], "re");
		while (f && getline(&line, &size, f) > 0) {
			options = options_at(line, "/dev/shm");
			if (!options)
				continue;
			noexec = strstr(options, "noexec") != NULL;
			snprintf(file, PATH_MAX, "%s", g.gl_pathv[i]);
		}
		if (f)
			fclose(f);
	}
	free(line);
	globfree(&g);
	return noexec;
}

static void check_enroot(struct doctor *d)
{
	const char *what = d->has_pyxis ? "pyxis" : "enroot";
	char file[PATH_MAX];

	if (enroot_mounts_noexec(file))
		doctor_add(d, DOCTOR_WARN, what,
			   "mount it once more without noexec: a later file there, or srun "
			   "--container-mounts=/dev/shm:/dev/shm",
			   "%s mounts /dev/shm noexec in containers: images are visible, but "
			   "libraries cannot be mapped from there, so tasks in containers run "
			   "without DLFM",
			   file);
	else
		doctor_add(d, DOCTOR_OK, what, NULL,
			   "containers see the node's /dev/shm, and with it node images, unless "
			   "they are given another one");
}

void doctor_check_containers(struct doctor *d)
{
	const int apptainer = doctor_has_program("apptainer") || doctor_has_program("singularity");
	const int enroot = d->has_pyxis || doctor_has_program("enroot");
	struct outer outer;
	int inside;

	look_outside(&outer);
	inside = is_inside(&outer);
	if (inside)
		check_inside(d, &outer);
	if (apptainer)
		check_apptainer(d);
	if (enroot)
		check_enroot(d);
	if (!inside && !apptainer && !enroot)
		doctor_add(d, DOCTOR_SKIP, "container", NULL,
			   "neither Apptainer nor enroot is on PATH, nor is pyxis in "
			   "plugstack.conf");
}
