/* SPDX-License-Identifier: BSD-3-Clause */
/* Why a path is not in a cache: what pack noted, else what the rules say of the path as it is now. */
#include "config.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cache-tools/cli/explain.h"

/* A reason that holds for all below a directory, too. */
static int is_inherited(enum dlfm_left_out why)
{
	return why != DLFM_NOT_LEFT_OUT && why != DLFM_LEFT_LIVE && why != DLFM_LEFT_NO_CODE;
}

/* Cuts the last name off. 0: nothing is left but "/". */
static int go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	*slash = 0;
	return 1;
}

/* What pack noted of the path, or of a directory above it. `where` gets the path that it is about. */
static enum dlfm_left_out noted(const struct explain_source *s, const char *path,
				char where[PATH_MAX])
{
	const struct dlfm_history_path *h;
	int above = 0;

	strcpy(where, path);
	do {
		h = s->history ? dlfm_history_find(s->history, where) : NULL;
		if (h && h->why != DLFM_NOT_LEFT_OUT && (!above || is_inherited(h->why)))
			return h->why;
		above = 1;
	} while (go_up(where));
	return DLFM_NOT_LEFT_OUT;
}

/* Where the path leads, if it exists; of an absent one, where its nearest directory leads. */
static void real_path(const char *path, char real[PATH_MAX])
{
	char above[PATH_MAX], there[PATH_MAX];
	size_t len;

	strcpy(above, path);
	while (!realpath(above, there))
		if (!go_up(above))
			break;
	len = strlen(above);
	if (!realpath(above, there) || strlen(there) + strlen(path + len) + 1 > PATH_MAX) {
		strcpy(real, path);
		return;
	}
	strcpy(real, strcmp(there, "/") || !path[len] ? there : "");
	strcat(real, path + len);
}

/* What keeps the path out of any cache of this scope, as far as it can be said without a recording. */
static enum dlfm_left_out ruled(struct explain_source *s, const char *real)
{
	enum dlfm_left_out why = dlfm_policy_forbids(&s->policy, real);
	char there[PATH_MAX];
	struct stat st;

	if (why != DLFM_NOT_LEFT_OUT || s->policy.scope == DLFM_SCOPE_ALL)
		return why;
	strcpy(there, real);
	while (lstat(there, &st) < 0)
		if (!go_up(there))
			return DLFM_NOT_LEFT_OUT;
	return dlfm_file_system_is_shared(s->systems, st.st_dev, there) ? DLFM_NOT_LEFT_OUT
									: DLFM_LEFT_LOCAL;
}

static void put_reason(struct json_object *o, enum dlfm_left_out why, const char *prefix,
		       const char *suffix)
{
	explain_put(o, "reason", "%s", dlfm_left_out_name(why));
	explain_put(o, "why", "%s%s%s", prefix, dlfm_left_out_text(why), suffix);
	if (*dlfm_left_out_remedy(why))
		explain_put(o, "advice", "%s", dlfm_left_out_remedy(why));
}

static void put_unseen(struct explain_source *s, enum dlfm_left_out rule, struct json_object *o)
{
	const char *prefix =
		s->history ? "the recorded run did not look it up, and it would not be stored: "
			   : "";

	if (rule != DLFM_NOT_LEFT_OUT) {
		put_reason(o, rule, prefix, "");
		return;
	}
	if (s->history) {
		explain_put(o, "reason", "not-looked-up");
		explain_put(o, "why", "the recorded run did not look it up");
		explain_put(
			o, "advice",
			"record a run that uses it, or let replays add it: dlfm replay --learn");
		return;
	}
	explain_put(o, "reason", "unknown");
	explain_put(o, "why", "the recorded run did not look it up, or it was left out");
	explain_put(o, "advice", "%s",
		    s->is_image ? "ask the cache file, which tells: dlfm explain PATH CACHE"
				: "the cache was made without a history; record it anew");
}

void explain_reason(struct explain_source *s, const char *path, struct json_object *o)
{
	const struct dlfm_history_path *h = s->history ? dlfm_history_find(s->history, path) : NULL;
	char real[PATH_MAX], where[PATH_MAX], suffix[PATH_MAX + 16] = "";
	enum dlfm_left_out why;

	real_path(path, real);
	why = noted(s, path, where);
	if (why == DLFM_NOT_LEFT_OUT)
		why = noted(s, real, where);
	if (why != DLFM_NOT_LEFT_OUT) {
		if (strcmp(where, path) != 0)
			snprintf(suffix, sizeof(suffix), ": %s", where);
		put_reason(o, why, "", suffix);
		return;
	}
	if (!h && s->history)
		h = dlfm_history_find(s->history, real);
	if (!h) {
		put_unseen(s, ruled(s, real), o);
		return;
	}
	explain_put(o, "reason", "unused");
	explain_put(o, "why", "looked up by the run, but nothing that is stored needs it");
}
