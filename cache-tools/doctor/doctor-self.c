/* SPDX-License-Identifier: BSD-3-Clause */
/* The self-test: a little program is recorded and replayed; its output is compared, and who answered. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache-tools/doctor/doctor.h"
#include "libdlfm/environment.h"

enum { FILES = 3 };

struct self {
	char dir[64];
	char script[512], include[128], cache[128], report[128];
};

static const char program[] = "cd %s && cat 1.py 2.py 3.py && for n in a b c d; do "
			      "test ! -e $n.py && echo $n; done";

static int write_text(const char *name, const char *text)
{
	FILE *f = fopen(name, "we");

	if (!f)
		return -1;
	fputs(text, f);
	return fclose(f);
}

static int prepare(struct self *s)
{
	char name[96];
	int i;

	snprintf(s->dir, sizeof(s->dir), "/var/tmp/dlfm-doctor.XXXXXX");
	if (!mkdtemp(s->dir))
		return -1;
	for (i = 1; i <= FILES; i++) {
		snprintf(name, sizeof(name), "%s/%d.py", s->dir, i);
		if (write_text(name, "# of dlfm doctor\n") < 0)
			return -1;
	}
	snprintf(s->script, sizeof(s->script), program, s->dir);
	snprintf(s->include, sizeof(s->include), "--include=%s/?.py", s->dir);
	snprintf(s->cache, sizeof(s->cache), "%s/cache.dat", s->dir);
	snprintf(s->report, sizeof(s->report), "--report-file=%s/report", s->dir);
	return 0;
}

static void clean_up(const struct self *s)
{
	static const char *const names[] = {"1.py", "2.py", "3.py", "cache.dat", "report"};
	char name[96];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", s->dir, names[i]);
		unlink(name);
	}
	rmdir(s->dir);
}

static long number(struct json_object *o, const char *layer, const char *key)
{
	struct json_object *in = o, *value;

	if (layer && !json_object_object_get_ex(o, layer, &in))
		return -1;
	return json_object_object_get_ex(in, key, &value) ? json_object_get_int64(value) : -1;
}

/* All files and absent names of the program must have come from memory, and some of its libraries. */
static void judge(struct doctor *d, const struct self *s)
{
	char name[96];
	struct json_object *o;
	long fm_found, fm_absent, dl;

	snprintf(name, sizeof(name), "%s/report", s->dir);
	o = json_object_from_file(name);
	fm_found = o ? number(o, "fm", "opened") : -1;
	fm_absent = o ? number(o, "fm", "absent") : -1;
	dl = o ? number(o, "dl", "found") + number(o, "dl", "resolved") : -1;
	if (fm_found >= FILES && fm_absent >= 4 && dl > 0)
		doctor_add(d, DOCTOR_OK, "self-test", NULL,
			   "a program was recorded and replayed: the same output, %ld lookups from "
			   "memory",
			   number(o, NULL, "from_memory"));
	else
		doctor_add(d, DOCTOR_FAIL, "self-test",
			   "report it with what dlfm replay --report says of a program of yours",
			   "a program was recorded and replayed, but not from memory: %ld of %d "
			   "files, %ld of 4 absent names, %ld libraries",
			   fm_found, FILES, fm_absent, dl);
	json_object_put(o);
}

static void record_and_replay(struct doctor *d, const struct self *s,
			      const struct dlfm_environ *env)
{
	static struct doctor_output plain, recorded, replayed;
	const char *const bare[] = {"sh", "-c", s->script, NULL};
	const char *const record[] = {
		"/proc/self/exe", "record", "-q", "--scope=all", s->include, "-o",
		s->cache,	  "--",	    "sh", "-c",		 s->script,  NULL};
	const char *argv[] = {"/proc/self/exe",
			      "replay",
			      "-q",
			      "--require",
			      "--json",
			      s->report,
			      NULL,
			      NULL,
			      NULL,
			      NULL,
			      NULL,
			      NULL,
			      NULL,
			      NULL};
	int n = 6;

	if (d->dirs) {
		argv[n++] = "-d";
		argv[n++] = d->dirs[0];
	}
	argv[n++] = s->cache;
	argv[n++] = "--";
	argv[n++] = "sh";
	argv[n++] = "-c";
	argv[n++] = s->script;
	doctor_run(&plain, bare, env);
	doctor_run(&recorded, record, env);
	if (recorded.status != plain.status || strcmp(recorded.text, plain.text) != 0) {
		doctor_add(d, DOCTOR_FAIL, "self-test", "see the findings above",
			   "recording a program fails: %.300s", doctor_first_line(&recorded));
		return;
	}
	doctor_run(&replayed, argv, env);
	if (replayed.status != plain.status || strcmp(replayed.text, plain.text) != 0)
		doctor_add(d, DOCTOR_FAIL, "self-test", "see the findings above",
			   "replaying a program fails: %.300s", doctor_first_line(&replayed));
	else
		judge(d, s);
}

void doctor_check_self(struct doctor *d)
{
	struct dlfm_environ env;
	struct dlfm_env_ops ops;
	struct self s;

	if (dlfm_environ_copy(&env) < 0)
		return;
	ops = dlfm_environ_ops(&env);
	ops.set(ops.arg, DLFM_ENV_DISABLE, NULL);
	if (prepare(&s) < 0)
		doctor_add(d, DOCTOR_WARN, "self-test", "make /var/tmp writable",
			   "it needs a directory below /var/tmp, which cannot be written");
	else
		record_and_replay(d, &s, &env);
	clean_up(&s);
	dlfm_environ_free(&env);
}
