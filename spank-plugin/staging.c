/* SPDX-License-Identifier: BSD-3-Clause */
/* Staging by a nested step: dlfm-stage over PMIx, or, where Slurm has no pmix plugin, sbcast and each node by itself. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdlfm/hash.h"
#include "spank-plugin/each.h"
#include "spank-plugin/nested.h"
#include "spank-plugin/nodes.h"
#include "spank-plugin/note.h"
#include "spank-plugin/staging.h"

enum {
	STEP_SECONDS = 15, /* for Slurm to make and end the step */
	ARGS_MAX = 32,
	ARG_MAX_TEXT = PATH_MAX + 32,
};

static const char *const stale_words[] = {
	[DLFM_STALE_REFRESH] = "refresh",
	[DLFM_STALE_DROP] = "drop",
	[DLFM_STALE_FAIL] = "fail",
};

int staging_key(const struct staging *s, char key[DLFM_LEASE_KEY_MAX], struct dlfm_error *e)
{
	char text[PATH_MAX + 128];
	struct stat st;
	int n;

	if (stat(s->option->file, &st) < 0)
		return dlfm_errnof(e, "%s", s->option->file);
	n = snprintf(text, sizeof(text), "%ju %ju %jd %jd.%09ld %s", (uintmax_t)st.st_dev,
		     (uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
		     st.st_mtim.tv_nsec, s->option->file);
	snprintf(key, DLFM_LEASE_KEY_MAX, "%" PRIu32 ".%016" PRIx64, s->job, dlfm_hash(text, n));
	return 0;
}

/* Arguments in one block: args[] point into text[]. */
struct arguments {
	char text[ARGS_MAX][ARG_MAX_TEXT];
	const char *args[ARGS_MAX + 1];
	int n;
};

static void add(struct arguments *a, const char *option, const char *value)
{
	if (a->n == ARGS_MAX || !value[0])
		return;
	snprintf(a->text[a->n], ARG_MAX_TEXT, "%s%s", option, value);
	a->args[a->n] = a->text[a->n];
	a->args[++a->n] = NULL;
}

static void add_common(struct arguments *a, const struct staging *s, const char *key)
{
	char libdir[PATH_MAX];

	add(a, "--dirs=", s->args->dirs_text);
	add(a, "--max-size=", s->args->max_size);
	add(a, "--lease=", key);
	if (plugin_path(s->args, PLUGIN_LIBDIR, libdir))
		add(a, "--libdir=", libdir);
}

static struct arguments *stage_arguments(const struct staging *s, const char *transport,
					 const char *key)
{
	struct arguments *a = calloc(1, sizeof(*a));
	char path[PATH_MAX], seconds[16];

	if (!a || !plugin_path(s->args, PLUGIN_STAGE, path))
		return a;
	snprintf(seconds, sizeof(seconds), "%u", s->args->timeout);
	add(a, "", path);
	add_common(a, s, key);
	add(a, "--transport=", transport);
	add(a, "--stale=", stale_words[s->option->stale]);
	add(a, "--timeout=", seconds);
	add(a, "", s->option->file);
	return a;
}

/* Slurm's words for a missing or broken mpi/pmix plugin; a helper that began to run has said something of its own. */
static int lacks_pmix(const char *output)
{
	return !strstr(output, "dlfm: ") &&
	       (strstr(output, "MPI type") || strstr(output, "mpi/pmix") ||
		strstr(output, "mpi plugin"));
}

/* A cache that was not quite true any more was put right: that is told, also if all went well. */
static enum staged success(struct command_result *r, struct dlfm_error *e)
{
	const char *line =
		strstr(r->output, "recorded paths had changed") ? command_gist(r, NULL) : "";

	dlfm_errf(e, "%s", line);
	return STAGED_ALL;
}

/* What the end of the helper means; the text says why, if it is not good. */
static enum staged verdict(struct command_result *r, const struct staging *s, const char *nodes,
			   struct dlfm_error *e)
{
	char without[256];
	const char *gist;
	int ours;

	snprintf(without, sizeof(without),
		 "tasks on those of %.150s that have no image run without DLFM", nodes);

	if (r->end == COMMAND_EXITED && r->status == 0)
		return success(r, e);
	if (r->end == COMMAND_INTERRUPTED) {
		dlfm_errf(e, "interrupted while %s was staged", s->option->file);
		return STAGED_INTERRUPTED;
	}
	gist = command_gist(r, &ours);
	if (r->end == COMMAND_LINGERED && strncmp(gist, "staged ", 7) == 0)
		return STAGED_ALL;
	if (r->end == COMMAND_TIMEOUT)
		dlfm_errf(
			e,
			"staging %s did not end within %u seconds (timeout= of plugstack.conf); %s",
			s->option->file, s->args->timeout + STEP_SECONDS, without);
	else if (ours && strstr(gist, "without DLFM"))
		dlfm_errf(e, "%s", gist);
	else
		dlfm_errf(e, "%s%s; %s", ours ? "" : "staging failed: ", gist, without);
	return STAGED_NOT_ALL;
}

/* Rank 0 knows all then. */
static const char *const last_words[] = {"dlfm: staged ", "dlfm: staging failed on ",
					 "dlfm: not staged: ", NULL};

/* One node has nobody to be wired up with: Slurm's pmix plugin, which takes longer than all the rest, is left out. */
static enum staged stage_by_helper(const struct staging *s, struct nested *n, const char *key,
				   int *no_pmix, struct dlfm_error *e)
{
	static const char *const transports[] = {"tcp", "mpi", "pmix"};
	const int alone = n->count == 1;
	struct command_result *r = malloc(sizeof(*r));
	struct arguments *a = stage_arguments(
		s, transports[alone ? DLFM_TRANSPORT_TCP : s->option->transport], key);
	enum staged staged = STAGED_NOT_ALL;

	n->mpi = alone ? "none" : "pmix";
	n->last_words = last_words;
	if (!r || !a)
		dlfm_errf(e, "no memory");
	else if (nested_run(r, n, a->args, e) == 0) {
		*no_pmix = !alone && r->status != 0 && lacks_pmix(r->output);
		staged = verdict(r, s, n->nodes, e);
	}
	free(a);
	free(r);
	return staged;
}

/* ---- without PMIx ---- */

/* Brings a copy to all nodes: its name there, or NULL. The copy is the user's; whoever stages from it removes it. */
static const char *broadcast(const struct staging *s, const struct nested *n,
			     struct command_result *r, char copy[PATH_MAX])
{
	if (snprintf(copy, PATH_MAX, "%s/dlfm-%u.%u.%u.dat", s->args->dirs[0], getuid(), s->job,
		     s->step) >= PATH_MAX)
		return NULL;
	if (nested_sbcast(r, n, s->step, s->option->file, copy, NULL) < 0)
		return NULL;
	return r->end == COMMAND_EXITED && r->status == 0 ? copy : NULL;
}

static struct arguments *local_arguments(const struct staging *s, const char *key, const char *copy)
{
	struct arguments *a = calloc(1, sizeof(*a));
	char path[PATH_MAX];
	int i;

	if (!a)
		return NULL;
	if (copy && plugin_path(s->args, PLUGIN_STAGE_COPY, path)) {
		add(a, "", path);
		add(a, "", copy);
	}
	if (plugin_path(s->args, PLUGIN_DLFM, path))
		add(a, "", path);
	add(a, "", "stage");
	add(a, "", "--quiet");
	for (i = 0; i < PLUGIN_DIRS_MAX && s->args->dirs[i]; i++)
		add(a, "--dir=", s->args->dirs[i]);
	add(a, "--max-size=", s->args->max_size);
	add(a, "--lease=", key);
	add(a, "--stale=", stale_words[s->option->stale]);
	add(a, "", copy ? copy : s->option->file);
	return a;
}

/* The nodes that said why they have no image, in one line; 0 if none did. */
static int failures(const struct command_result *r, const struct nested *n, struct dlfm_error *e)
{
	char **names = nodes_names(n->nodes), *list;
	struct each_failures f;
	unsigned i;
	int some;

	if (!names || each_read(&f, r->output, (const char *const *)names, n->count) < 0) {
		nodes_free_names(names);
		return 0;
	}
	for (i = 0; i < f.n_reasons; i++) {
		list = nodes_union(f.reasons[i].nodes, f.reasons[i].nodes);
		if (!list)
			continue;
		free(f.reasons[i].nodes);
		f.reasons[i].nodes = list;
	}
	some = f.nodes > 0;
	if (some)
		each_describe(&f, n->count, e);
	each_free(&f);
	nodes_free_names(names);
	return some;
}

/*
 * Slurm has no pmix plugin: sbcast brings the file to the nodes, and each stages by itself; where sbcast is not allowed, each
 * reads the shared file. Then the check for stale files is made by every node.
 */
static enum staged stage_by_each(const struct staging *s, struct nested *n, const char *key,
				 struct dlfm_error *e)
{
	struct command_result *r = malloc(sizeof(*r));
	struct arguments *a = NULL;
	enum staged staged = STAGED_NOT_ALL;
	char libdir[PATH_MAX], copy[PATH_MAX];

	n->mpi = "none";
	n->last_words = NULL;
	n->label = 1;
	if (r)
		a = local_arguments(s, key, broadcast(s, n, r, copy));
	if (plugin_path(s->args, PLUGIN_LIBDIR, libdir))
		n->libdir = libdir;
	if (!a)
		dlfm_errf(e, "no memory");
	else if (nested_run(r, n, a->args, e) == 0)
		staged = r->end == COMMAND_EXITED && r->status && failures(r, n, e)
				 ? STAGED_NOT_ALL
				 : verdict(r, s, n->nodes, e);
	n->libdir = NULL; /* its text lies on this stack */
	free(a);
	free(r);
	return staged;
}

static enum staged stage_on(const struct staging *s, struct nested *n, const char *key,
			    struct dlfm_error *e)
{
	enum staged staged;
	int no_pmix = 0;

	staged = stage_by_helper(s, n, key, &no_pmix, e);
	return no_pmix ? stage_by_each(s, n, key, e) : staged;
}

/* Adds the nodes to those that the note has already. */
static void remember(const struct staging *s, const char *key, const char *known, const char *nodes)
{
	char *all = known ? nodes_union(known, nodes) : NULL;

	note_write(s->args->dirs, s->job, key, all ? all : nodes);
	free(all);
}

enum staged staging_run(const struct staging *s, const char *key, struct dlfm_error *e)
{
	struct nested n = {
		.job = s->job, .mpi = "pmix", .timeout = s->args->timeout + STEP_SECONDS};
	char *nodes = nodes_of_step(s->job, s->step, e), *known = NULL;
	enum staged staged = STAGED_ALL;

	if (!nodes)
		return STAGED_NOT_ALL;
	dlfm_errf(e, "%s", "");
	if (s->with_note)
		known = note_nodes(s->args->dirs, s->job, key);
	if (!known || !nodes_cover(known, nodes)) {
		n.nodes = nodes;
		n.count = nodes_count(nodes);
		staged = stage_on(s, &n, key, e);
		if (staged == STAGED_ALL && s->with_note)
			remember(s, key, known, nodes);
	}
	free(known);
	free(nodes);
	return staged;
}
