/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Into a container: a program that is started where the injected objects cannot be seen (another
 * root directory that has not the image's), or not be mapped (enroot mounts /dev/shm noexec), is
 * started without them. Otherwise its ld.so, which cannot be told to be quiet, would complain of
 * each on standard error.
 *
 * Only the four functions that launchers of containers use: bubblewrap, chroot(1), unshare(1), ch-run
 * and enroot come by here. Launchers that make the system call themselves (Go) do not. May be called by the child of a
 * vfork: nothing but the stack is written to.
 */
#include "libdlfm/fm/fm.h"

#include <alloca.h>
#include <string.h>
#include <sys/statvfs.h>

#include "libdlfm/sys.h"

extern char **environ;

/* An ld.so list: its variable with "=", what separates its elements, and our element's last name. */
struct list {
	const char *variable, *separators, *object;
};
static const struct list lists[] = {
	{"LD_PRELOAD=", ": \t\n", "/libdlfm.so"},
	{"LD_AUDIT=", ":", "/dlfm-audit.so"},
};
enum { N_LISTS = sizeof(lists) / sizeof(lists[0]), ENVIRONMENT_MAX = 8192, LIST_MAX = 8192 };

static int is_ours(const struct list *l, const char *element, size_t len)
{
	const size_t n = strlen(l->object);

	return len > n && memcmp(element + len - n, l->object, n) == 0;
}

/* Whether an element is an object of ours that ld.so could not load here. */
static int is_lost(const struct list *l, const char *element, size_t len)
{
	char path[PATH_MAX];
	struct statfs fs;

	if (!is_ours(l, element, len) || len >= sizeof(path))
		return 0;
	memcpy(path, element, len);
	path[len] = '\0';
	return dlfm_sys_access(path, F_OK) < 0 ||
	       (dlfm_sys_statfs(path, &fs) == 0 && fs.f_flags & ST_NOEXEC);
}

static const struct list *list_of(const char *variable)
{
	for (size_t i = 0; i < N_LISTS; i++)
		if (strncmp(variable, lists[i].variable, strlen(lists[i].variable)) == 0)
			return &lists[i];
	return NULL;
}

/* Copies the variable without lost elements; `to` may be NULL: only tells how many there are. */
static int drop_lost(const struct list *l, const char *variable, char *to)
{
	const size_t name = strlen(l->variable);
	const char *from = variable + name;
	char *start;
	int lost = 0;

	if (to)
		memcpy(to, variable, name);
	start = to = to ? to + name : NULL;
	while (*from) {
		const size_t separator = strspn(from, l->separators);
		const size_t len = strcspn(from + separator, l->separators);

		if (is_lost(l, from + separator, len)) {
			lost++;
		} else if (to) {
			const size_t skip = to == start ? separator : 0;

			memcpy(to, from + skip, separator - skip + len);
			to += separator - skip + len;
		}
		from += separator + len;
	}
	if (to)
		*to = '\0';
	return lost;
}

struct lost {
	int any;
	size_t variables; /* in the environment */
	size_t room;	  /* for the lists that are written anew */
};

static struct lost find_lost(char *const *env)
{
	struct lost lost = {0, 0, 0};
	const struct list *l;

	for (; env && env[lost.variables]; lost.variables++) {
		l = list_of(env[lost.variables]);
		if (l && drop_lost(l, env[lost.variables], NULL)) {
			lost.any = 1;
			lost.room += strlen(env[lost.variables]) + 1;
		}
	}
	lost.any = lost.any && lost.variables < ENVIRONMENT_MAX && lost.room < LIST_MAX;
	return lost;
}

/* The environment without lost objects, in `to` and `texts`; a list that had nothing else goes. */
static void copy_environment(char *const *env, char **to, char *texts)
{
	const struct list *l;

	for (; *env; env++) {
		l = list_of(*env);
		if (!l || !drop_lost(l, *env, NULL)) {
			*to++ = *env;
			continue;
		}
		drop_lost(l, *env, texts);
		if (texts[strlen(l->variable)]) {
			*to++ = texts;
			texts += strlen(texts) + 1;
		}
	}
	*to = NULL;
}

/* The call with an environment without lost objects, or as it is. The room is the caller's frame's. */
#define EXEC(env, plain, other)                                                                    \
	do {                                                                                       \
		struct lost lost;                                                                  \
		char **mended;                                                                     \
                                                                                                   \
		fm_on();                                                                           \
		lost = find_lost(env);                                                             \
		if (!lost.any)                                                                     \
			return plain;                                                              \
		mended = alloca((lost.variables + 1) * sizeof(*mended));                           \
		copy_environment(env, mended, alloca(lost.room));                                  \
		return other;                                                                      \
	} while (0)

FM_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	EXEC(envp, REAL(execve)(path, argv, envp), REAL(execve)(path, argv, mended));
}

FM_EXPORT int execv(const char *path, char *const argv[])
{
	EXEC(environ, REAL(execv)(path, argv), REAL(execve)(path, argv, mended));
}

FM_EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	EXEC(envp, REAL(execvpe)(file, argv, envp), REAL(execvpe)(file, argv, mended));
}

FM_EXPORT int execvp(const char *file, char *const argv[])
{
	EXEC(environ, REAL(execvp)(file, argv), REAL(execvpe)(file, argv, mended));
}
