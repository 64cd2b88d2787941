/* SPDX-License-Identifier: BSD-3-Clause */
/* How a path would be answered, and what it was when it was recorded. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cache-tools/cli/explain.h"
#include "cache-tools/elf-file.h"
#include "cache-tools/scan.h"

void explain_put(struct json_object *o, const char *key, const char *format, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	json_object_object_add(o, key, json_object_new_string(text ? text : ""));
	free(text);
}

static struct dlfm_found look_up(const struct explain_source *s, const char *path)
{
	return dlfm_image_lookup(&s->im, path, strlen(path), 1);
}

const char *explain_short(const struct explain_source *s, const char *path)
{
	struct dlfm_found found = look_up(s, path);

	return found.answer == DLFM_PRESENT  ? "from memory"
	       : found.answer == DLFM_ABSENT ? "from memory: absent"
					     : "by the file system";
}

static const char *kind_of(uint32_t mode)
{
	return S_ISREG(mode)   ? "file"
	       : S_ISDIR(mode) ? "directory"
	       : S_ISLNK(mode) ? "link"
			       : "other";
}

/* ---- attributes, and what the file system says now ---- */

static void put_attributes(const struct dlfm_image_stat *st, struct json_object *o)
{
	struct json_object *a = json_object_new_object();
	time_t t = (time_t)st->mtime.sec;
	char date[32] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_object_object_add(a, "mode", json_object_new_int64(st->mode & 07777));
	json_object_object_add(a, "uid", json_object_new_int64(st->uid));
	json_object_object_add(a, "gid", json_object_new_int64(st->gid));
	json_object_object_add(a, "size", json_object_new_int64((int64_t)st->size));
	json_object_object_add(a, "mtime", json_object_new_int64(st->mtime.sec));
	json_object_object_add(o, "attributes", a);
	explain_put(o, "attributes_text", "mode %04o, uid %u, gid %u, %" PRIu64 " bytes, %s",
		    st->mode & 07777, st->uid, st->gid, st->size, date);
}

/* A staged file has another inode, and no set-id bits. */
static int is_same(const struct dlfm_image_stat *then, const struct dlfm_image_stat *now)
{
	return (then->mode & S_IFMT) == (now->mode & S_IFMT) && then->uid == now->uid &&
	       then->gid == now->gid && then->mtime.sec == now->mtime.sec &&
	       then->mtime.nsec == now->mtime.nsec &&
	       (S_ISDIR(then->mode) || then->size == now->size);
}

static void put_now(const struct explain_source *s, const struct dlfm_image_entry *entry,
		    const char *path, struct json_object *o)
{
	const char *target = entry ? dlfm_image_string(&s->im, entry->target) : "", *now;
	struct dlfm_scan scan;

	dlfm_scan_path(&scan, path);
	if (!entry || entry->lerr)
		now = scan.lerr ? "unchanged" : "appeared";
	else if (scan.lerr)
		now = "gone";
	else
		now = is_same(&entry->st, &scan.st) && strcmp(target, scan.target) == 0
			      ? "unchanged"
			      : "changed";
	explain_put(o, "now", "%s", now);
}

/* ---- what answers ---- */

static void put_present(struct explain_source *s, struct dlfm_found found, const char *path,
			struct json_object *o)
{
	const struct dlfm_image_entry *named = dlfm_image_entry(&s->im, found.named),
				      *entry = dlfm_image_entry(&s->im, found.entry);
	const char *staged = dlfm_image_staged(&s->im, found.entry);
	struct dlfm_elf elf;
	int searches;

	explain_put(o, "kind", "%s", kind_of(entry->st.mode));
	if (found.entry != found.named)
		explain_put(o, "canonical", "%s", dlfm_image_string(&s->im, entry->path));
	if (found.named != DLFM_NONE && named->target.len)
		explain_put(o, "target", "%s", dlfm_image_string(&s->im, named->target));
	if (S_ISDIR(entry->st.mode))
		explain_put(o, "fm", "stat and access from memory; the listing %s",
			    entry->flags & DLFM_ENTRY_LISTED
				    ? "too, and names that it lacks are absent"
				    : "by the file system");
	else if (staged)
		explain_put(o, "fm", "stat and access from memory; open gives %s", staged);
	else
		explain_put(o, "fm", "stat and access from memory; open by the file system");
	searches = explain_searches_to(s, path, o);
	if (strstr(path, ".so") && S_ISREG(entry->st.mode) && dlfm_elf_read_path(&elf, path) == 0 &&
	    elf.native)
		explain_put(
			o, "dl", "%s%s",
			searches ? "resolution tier: the searches below end here at once"
				 : "path tier: ld.so is told where it is, candidate by candidate",
			staged ? "" : "; ld.so opens the original");
	put_attributes(&entry->st, o);
	put_now(s, found.named == DLFM_NONE ? entry : named, path, o);
}

/* What says that the name is absent: itself, an absent directory above it, or a listing. */
static void put_cover(const struct explain_source *s, const char *path, struct json_object *o)
{
	char above[PATH_MAX];
	struct dlfm_found found;
	char *slash;

	strcpy(above, path);
	found = look_up(s, path);
	while (found.answer == DLFM_ABSENT) {
		if (found.named != DLFM_NONE) {
			explain_put(o, "covered_by", "%s", above);
			explain_put(
				o, "cover", "%s",
				strcmp(above, path) == 0
					? "the run looked this very name up"
					: "the run found that it is absent, so is all below it");
			return;
		}
		slash = strrchr(above, '/');
		if (!slash || slash == above)
			return;
		*slash = 0;
		found = look_up(s, above);
	}
	explain_put(o, "covered_by", "%s", above);
	explain_put(o, "cover", "%s",
		    found.answer == DLFM_PRESENT &&
				    S_ISDIR(dlfm_image_entry(&s->im, found.entry)->st.mode)
			    ? "its listing is complete"
			    : "it is no directory");
}

static void put_recorded(const struct explain_source *s, const char *path, struct json_object *o)
{
	const struct dlfm_history_path *h = s->history ? dlfm_history_find(s->history, path) : NULL;
	struct json_object *r;

	if (!h)
		return;
	r = json_object_new_object();
	json_object_object_add(r, "lookups", json_object_new_int64((int64_t)h->lookups));
	json_object_object_add(r, "failed", json_object_new_int64((int64_t)h->failed));
	json_object_object_add(o, "recorded", r);
}

void explain_path(struct explain_source *s, const char *path, struct json_object *o)
{
	struct dlfm_found found = look_up(s, path);

	explain_put(o, "path", "%s", path);
	explain_put(o, "answer", "%s",
		    found.answer == DLFM_UNKNOWN  ? "file-system"
		    : found.answer == DLFM_ABSENT ? "absent"
						  : "present");
	switch (found.answer) {
	case DLFM_PRESENT:
		put_present(s, found, path, o);
		break;
	case DLFM_ABSENT:
		if (found.err != ENOENT)
			explain_put(o, "error", "%s", strerror(found.err));
		put_cover(s, path, o);
		put_now(s, NULL, path, o);
		break;
	case DLFM_UNKNOWN:
		if (found.err == DLFM_CHANGED) {
			explain_put(o, "reason", "changed-by-job");
			explain_put(o, "why",
				    "this job changed it, or the directory that it is in");
			break;
		}
		explain_reason(s, path, o);
		break;
	}
	put_recorded(s, path, o);
}
