/* SPDX-License-Identifier: BSD-3-Clause */
/* Slurm: the plugin and its release, PMIx, private directories of jobs. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/doctor/doctor.h"

struct site { /* what scontrol show config tells */
	char plugstack[PATH_MAX], plugin_dir[PATH_MAX], container[128];
	uint32_t version; /* as <slurm/slurm.h> numbers it; 0: not known */
};

/* "Key = value" of scontrol's output; "" if it is not there. */
static void get(const char *text, const char *key, char *value, size_t size)
{
	const size_t len = strlen(key);
	const char *line, *at;

	*value = 0;
	for (line = text; line && *line; line = strchr(line, '\n'), line += line ? 1 : 0) {
		if (strncmp(line, key, len) != 0 || (line[len] != ' ' && line[len] != '='))
			continue;
		at = line + strcspn(line, "=\n");
		at += strspn(at, "= \t");
		snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
	}
}

/* "slurm-wlm 22.05.8" -> 0x160508 */
static uint32_t parse_version(const char *text)
{
	const char *digits = strpbrk(text, "0123456789");
	unsigned major, minor, micro = 0;

	if (!digits || sscanf(digits, "%u.%u.%u", &major, &minor, &micro) < 2)
		return 0;
	return major << 16 | minor << 8 | micro;
}

/* The local installation's release, without the controller. */
static uint32_t local_version(void)
{
	static const char *const commands[][3] = {{"srun", "--version", NULL},
						  {"slurmd", "-V", NULL},
						  {"/usr/sbin/slurmd", "-V", NULL}};
	static struct doctor_output o;
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		doctor_run(&o, commands[i], NULL);
		if (o.status == 0)
			return parse_version(o.text);
	}
	return 0;
}

static void default_site(struct site *s)
{
	const char *conf = getenv("SLURM_CONF"), *slash = conf ? strrchr(conf, '/') : NULL;

	*s = (struct site){.version = 0};
	snprintf(s->plugstack, sizeof(s->plugstack), "%.*s/plugstack.conf",
		 slash ? (int)(slash - conf) : 10, slash ? conf : "/etc/slurm");
}

/* -1: Slurm does not answer, and only what files say is known. */
static int read_site(struct doctor *d, struct site *s)
{
	static const char *const argv[] = {"scontrol", "show", "config", NULL};
	static struct doctor_output o;
	char text[PATH_MAX];

	default_site(s);
	doctor_run(&o, argv, NULL);
	if (o.status != 0) {
		doctor_add(d, DOCTOR_WARN, "Slurm",
			   "run dlfm doctor where Slurm's commands work, a login or compute node",
			   "scontrol show config fails: %.200s", doctor_first_line(&o));
		s->version = local_version();
		return -1;
	}
	get(o.text, "PlugStackConfig", text, sizeof(text));
	if (text[0] == '/')
		memcpy(s->plugstack, text, sizeof(text));
	get(o.text, "PluginDir", s->plugin_dir, sizeof(s->plugin_dir));
	get(o.text, "JobContainerType", s->container, sizeof(s->container));
	get(o.text, "SLURM_VERSION", text, sizeof(text));
	s->version = parse_version(text);
	if (!s->version)
		s->version = local_version();
	return 0;
}

/* ---- the plugin ---- */

static int get_argument(const struct doctor_plugin *p, const char *key, char *value, size_t size)
{
	const char *at = p->arguments;

	while ((at = strstr(at, key)) && at != p->arguments && at[-1] != ' ' && at[-1] != '\t')
		at++;
	if (!at)
		return 0;
	at += strlen(key);
	snprintf(value, size, "%.*s", (int)strcspn(at, " \t"), at);
	return 1;
}

/* The release is all but the last number: Slurm loads a plugin of its own release only. */
static void check_release(struct doctor *d, const struct doctor_plugin *p, const struct site *s)
{
	uint32_t plugin = 0;

	if (doctor_elf_word(p->path, "plugin_version", &plugin) < 0)
		doctor_add(d, DOCTOR_FAIL, "Slurm plugin", "reinstall it",
			   "%s (named in %s) is not a plugin of Slurm", p->path, p->file);
	else if (s->version && plugin >> 8 != s->version >> 8)
		doctor_add(
			d, DOCTOR_FAIL, "Slurm plugin",
			"build and install DLFM's plugin for this release of Slurm",
			"%s was built for Slurm %u.%02u, this is %u.%02u: Slurm does not load it",
			p->path, plugin >> 16, plugin >> 8 & 255, s->version >> 16,
			s->version >> 8 & 255);
	else
		doctor_add(d, DOCTOR_OK, "Slurm plugin", NULL, "%s, for Slurm %u.%02u; %s in %s",
			   p->path, plugin >> 16, plugin >> 8 & 255,
			   p->required ? "required" : "optional", p->file);
}

static void check_prefix(struct doctor *d, const struct doctor_plugin *p)
{
	char prefix[PATH_MAX], stage[PATH_MAX + 32];

	if (!get_argument(p, "prefix=", prefix, sizeof(prefix)))
		return;
	snprintf(stage, sizeof(stage), "%s/bin/dlfm-stage", prefix);
	if (access(stage, X_OK) < 0)
		doctor_add(d, DOCTOR_FAIL, "Slurm plugin",
			   "install DLFM there on every node, or mend prefix= in plugstack.conf",
			   "prefix=%s, but %s is not there", prefix, stage);
}

static void check_plugin(struct doctor *d, const struct site *s)
{
	struct doctor_plugin p;

	if (!doctor_find_plugin(s->plugstack, s->plugin_dir, "dlfm.so", &p)) {
		doctor_add(d, DOCTOR_WARN, "Slurm plugin",
			   "include DLFM's snippet, see dlfm.so(8); without it jobs call dlfm "
			   "replay themselves",
			   "%s and what it includes do not name dlfm.so: srun has no option --dlfm",
			   s->plugstack);
		return;
	}
	if (access(p.path, R_OK) < 0) {
		doctor_add(d, DOCTOR_FAIL, "Slurm plugin",
			   "install it there on every node, or mend the path",
			   "%s names %s, which is not there", p.file, p.path);
		return;
	}
	check_release(d, &p, s);
	check_prefix(d, &p);
	get_argument(&p, "stage_dirs=", d->site_dirs, sizeof(d->site_dirs));
}

static void look_for_pyxis(struct doctor *d, const struct site *s)
{
	struct doctor_plugin p;

	d->has_pyxis = doctor_find_plugin(s->plugstack, s->plugin_dir, "spank_pyxis.so", &p);
}

/* ---- PMIx, job_container ---- */

static void check_pmix(struct doctor *d)
{
	static const char *const argv[] = {"srun", "--mpi=list", NULL};
	static struct doctor_output o;

	doctor_run(&o, argv, NULL);
	if (o.status != 0)
		doctor_add(d, DOCTOR_WARN, "PMIx", "see what srun --mpi=list says",
			   "srun --mpi=list fails: %.200s", doctor_first_line(&o));
	else if (strstr(o.text, "pmix"))
		doctor_add(d, DOCTOR_OK, "PMIx", NULL, "Slurm has its pmix plugin");
	else
		doctor_add(
			d, DOCTOR_WARN, "PMIx", "install Slurm's pmix plugin (mpi_pmix.so)",
			"Slurm has no pmix plugin: caches are sent to the nodes by sbcast, which "
			"takes longer");
}

/* Is there a staging directory that jobs do not have for themselves? job_container(5): /dev/shm, and by default /tmp. */
static int has_common_dir(const struct doctor *d)
{
	char text[PATH_MAX], *dir, *save = NULL;
	int found = 0;

	snprintf(text, sizeof(text), "%s", d->site_dirs);
	for (dir = strtok_r(text, ":", &save); dir; dir = strtok_r(NULL, ":", &save))
		found |= strncmp(dir, "/dev/shm", 8) != 0 && strncmp(dir, "/tmp", 4) != 0;
	return found;
}

static void check_container(struct doctor *d, const struct site *s)
{
	static const char own[] = "each job may have a /dev/shm and /tmp of its own: images are "
				  "its own, too, and go with it";

	if (strcmp(s->container, "job_container/tmpfs") != 0)
		return;
	if (has_common_dir(d))
		doctor_add(d, DOCTOR_OK, "job_container", NULL, "%s", own);
	else
		doctor_add(d, DOCTOR_WARN, "job_container",
			   "to record, add a directory that all jobs share to stage_dirs= of the "
			   "Slurm plugin",
			   "%s; so would what srun --dlfm=record writes down, which is refused",
			   own);
}

void doctor_check_slurm(struct doctor *d)
{
	struct site s;
	int answers;

	if (!doctor_has_program("scontrol")) {
		doctor_add(d, DOCTOR_SKIP, "Slurm", NULL, "scontrol is not on PATH");
		return;
	}
	answers = read_site(d, &s) == 0;
	check_plugin(d, &s);
	look_for_pyxis(d, &s);
	if (answers) {
		check_pmix(d);
		check_container(d, &s);
	}
}
