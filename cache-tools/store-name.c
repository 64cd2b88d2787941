/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The name of a user's store. In a directory where everybody may make names, somebody else can take "dlfm-<uid>" and never
 * give it back; then the store has a name that nobody could foresee, and is found by its owner.
 */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-tools/store.h"

enum { RANDOM_DIGITS = 8 };

static void usual_name(char name[DLFM_STORE_NAME], uid_t uid)
{
	snprintf(name, DLFM_STORE_NAME, "dlfm-%u", uid);
}

/* Is it "dlfm-<uid>-" and the random digits? */
static int is_other_name(const char *name, uid_t uid)
{
	char usual[DLFM_STORE_NAME];
	size_t n;

	usual_name(usual, uid);
	n = strlen(usual);
	return strncmp(name, usual, n) == 0 && name[n] == '-' &&
	       strspn(name + n + 1, "0123456789abcdef") == RANDOM_DIGITS &&
	       !name[n + 1 + RANDOM_DIGITS];
}

int dlfm_store_owner(int dir, const char *name, uid_t *uid)
{
	char usual[DLFM_STORE_NAME];
	struct stat st;

	if (strncmp(name, "dlfm-", 5) != 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return -1;
	*uid = st.st_uid;
	usual_name(usual, st.st_uid);
	return strcmp(name, usual) == 0 || is_other_name(name, st.st_uid) ? 0 : -1;
}

/* The first of the user's stores that have another name, in the order of names: all processes find the same. */
static int find_other(int dir, uid_t uid, char name[DLFM_STORE_NAME])
{
	DIR *d = dlfm_store_names(dir);
	struct dirent *de;
	uid_t owner;

	name[0] = '\0';
	while (d && (de = readdir(d)))
		if (is_other_name(de->d_name, uid) &&
		    dlfm_store_owner(dir, de->d_name, &owner) == 0 && owner == uid &&
		    (!name[0] || strcmp(de->d_name, name) < 0))
			strcpy(name, de->d_name); /* is_other_name: it fits */
	if (d)
		closedir(d);
	return name[0] != '\0';
}

static int make_other(int dir, uid_t uid, char name[DLFM_STORE_NAME], struct dlfm_error *e)
{
	char mine[DLFM_STORE_NAME];
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return dlfm_errnof(e, "no random number");
	snprintf(mine, sizeof(mine), "dlfm-%u-%08x", uid, number);
	if (mkdirat(dir, mine, 0700) < 0)
		return dlfm_errnof(e, "cannot make %s", mine);
	/* Another process may have done the same at once. */
	if (find_other(dir, uid, name) && strcmp(name, mine) != 0)
		unlinkat(dir, mine, AT_REMOVEDIR);
	return name[0] ? 1 : dlfm_errf(e, "%s was removed", mine);
}

int dlfm_store_name(int dir, uid_t uid, int make, char name[DLFM_STORE_NAME], struct dlfm_error *e)
{
	struct stat st;
	int is_there;

	usual_name(name, uid);
	is_there = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	/* What root has put there stands: it may be meant. */
	if (is_there && (st.st_uid == uid || st.st_uid == 0))
		return 1;
	if (find_other(dir, uid, name))
		return 1;
	if (is_there)
		return make ? make_other(dir, uid, name, e) : 0;
	usual_name(name, uid);
	return make;
}
