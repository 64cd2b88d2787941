/* SPDX-License-Identifier: BSD-3-Clause */
/* The policy file. */
#include "config.h"

#include "cache-tools/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/cache-file.h"

enum { MAX_POLICY = 1 << 20 };

void dlfm_policy_default(struct dlfm_policy *p)
{
	*p = (struct dlfm_policy){
		.scope = DLFM_SCOPE_SHARED,
		.max_code_size = UINT64_C(4) << 30,
		.max_data_size = UINT64_C(16) << 20,
	};
}

int dlfm_patterns_add(struct dlfm_patterns *p, const char *text)
{
	char **items = reallocarray(p->items, p->n + 1, sizeof(*items));

	if (!items)
		return -1;
	p->items = items;
	items[p->n] = strdup(text);
	/* analyzer: the text becomes the list's */
	if (!items[p->n])
		return -1;
	p->n++;
	return 0;
}

int dlfm_patterns_match(const struct dlfm_patterns *p, const char *path)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (fnmatch(p->items[i], path, FNM_LEADING_DIR) == 0)
			return 1;
	return 0;
}

int dlfm_patterns_have(const struct dlfm_patterns *p, const char *text)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->items[i], text) == 0)
			return 1;
	return 0;
}

static int is_below(const char *path, const char *const *dirs)
{
	size_t len;

	for (; *dirs; dirs++) {
		len = strlen(*dirs);
		if (strncmp(path, *dirs, len) == 0 && (path[len] == 0 || path[len] == '/'))
			return 1;
	}
	return 0;
}

enum dlfm_left_out dlfm_policy_forbids(const struct dlfm_policy *p, const char *path)
{
	static const char *const kernel[] = {"/proc", "/sys", "/dev", NULL};
	static const char *const temporary[] = {"/tmp",	    "/var/tmp",	 "/run",
						"/var/run", "/var/lock", NULL};

	if (is_below(path, kernel))
		return DLFM_LEFT_KERNEL;
	if (dlfm_patterns_match(&p->exclude, path))
		return DLFM_LEFT_EXCLUDED;
	if (!dlfm_patterns_match(&p->include, path) && is_below(path, temporary))
		return DLFM_LEFT_TEMPORARY;
	return DLFM_NOT_LEFT_OUT;
}

void dlfm_patterns_free(struct dlfm_patterns *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->items[i]);
	free(p->items);
	*p = (struct dlfm_patterns){.items = NULL};
}

void dlfm_policy_free(struct dlfm_policy *p)
{
	dlfm_patterns_free(&p->include);
	dlfm_patterns_free(&p->exclude);
	dlfm_patterns_free(&p->code_suffixes);
	dlfm_patterns_free(&p->shared_types);
	dlfm_patterns_free(&p->local_types);
}

static int get_patterns(struct dlfm_patterns *p, const char *key, struct json_object *value,
			struct dlfm_error *e)
{
	size_t i;

	if (!json_object_is_type(value, json_type_array))
		return dlfm_errf(e, "\"%s\" must be a list of texts", key);
	for (i = 0; i < json_object_array_length(value); i++) {
		struct json_object *item = json_object_array_get_idx(value, i);

		if (!json_object_is_type(item, json_type_string))
			return dlfm_errf(e, "\"%s\" must be a list of texts", key);
		if (dlfm_patterns_add(p, json_object_get_string(item)) < 0)
			return dlfm_errf(e, "no memory");
	}
	return 0;
}

static int get_size(uint64_t *size, const char *key, struct json_object *value,
		    struct dlfm_error *e)
{
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
		return dlfm_errf(e, "\"%s\" must be a number of bytes", key);
	*size = (uint64_t)json_object_get_int64(value);
	return 0;
}

static int get_scope(enum dlfm_scope *scope, struct json_object *value, struct dlfm_error *e)
{
	const char *text = json_object_get_string(value);

	if (text && strcmp(text, "shared") == 0)
		*scope = DLFM_SCOPE_SHARED;
	else if (text && strcmp(text, "all") == 0)
		*scope = DLFM_SCOPE_ALL;
	else
		return dlfm_errf(e, "\"scope\" must be \"shared\" or \"all\"");
	return 0;
}

static int get_key(struct dlfm_policy *p, const char *key, struct json_object *value,
		   struct dlfm_error *e)
{
	if (strcmp(key, "scope") == 0)
		return get_scope(&p->scope, value, e);
	if (strcmp(key, "include") == 0)
		return get_patterns(&p->include, key, value, e);
	if (strcmp(key, "exclude") == 0)
		return get_patterns(&p->exclude, key, value, e);
	if (strcmp(key, "code_suffixes") == 0)
		return get_patterns(&p->code_suffixes, key, value, e);
	if (strcmp(key, "shared_file_systems") == 0)
		return get_patterns(&p->shared_types, key, value, e);
	if (strcmp(key, "local_file_systems") == 0)
		return get_patterns(&p->local_types, key, value, e);
	if (strcmp(key, "max_code_size") == 0)
		return get_size(&p->max_code_size, key, value, e);
	if (strcmp(key, "max_data_size") == 0)
		return get_size(&p->max_data_size, key, value, e);
	return dlfm_errf(e, "\"%s\" is not a key of a policy; dlfm(1) lists them", key);
}

static char *read_text(const char *name, struct dlfm_error *e)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = malloc(MAX_POLICY + 1);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &st) < 0)
		dlfm_errnof(e, "cannot be opened");
	else if (!S_ISREG(st.st_mode))
		dlfm_errf(e, "is not a regular file");
	else if (!text || (n = dlfm_read_at(fd, text, MAX_POLICY, 0)) < 0)
		dlfm_errnof(e, "cannot be read");
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = 0;
	return text;
}

int dlfm_policy_read(struct dlfm_policy *p, const char *name, struct dlfm_error *e)
{
	enum json_tokener_error why;
	struct json_object *o;
	char *text = read_text(name, e);
	int rc = 0;

	if (!text)
		return dlfm_err_prefix(e, "%s", name);
	o = json_tokener_parse_verbose(text, &why);
	if (!o)
		rc = dlfm_errf(e, "is not JSON: %s", json_tokener_error_desc(why));
	else if (!json_object_is_type(o, json_type_object))
		rc = dlfm_errf(e, "is not a JSON object");
	if (rc == 0) {
		json_object_object_foreach(o, key, value)
		{
			rc = get_key(p, key, value, e);
			if (rc < 0)
				break;
		}
	}
	json_object_put(o);
	free(text);
	return rc < 0 ? dlfm_err_prefix(e, "%s", name) : 0;
}
