/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dlfm-pbs-launch: stands in front of the program of each task of a PBS job that asked for DLFM.
 * Runs as the user, inside the job's session, started by pbs_mom in place of the program
 * (dlfm_hook.py); it ends by executing the program, or, when the job records, as its parent, with
 * the program's status.
 */
#ifndef DLFM_PBS_LAUNCH_H
#define DLFM_PBS_LAUNCH_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#include "cache-tools/error.h"
#include "cache-tools/job-option.h"
#include "cache-tools/task-env.h"

struct launch {
	int top;	      /* the job's first task: it stages, or packs */
	const char *job;      /* key of the job's leases */
	const char *dirs;     /* "/dev/shm:/tmp", NULL: the built-in list */
	const char *max_size; /* as given, NULL: no limit */
	const char *dlfm, *libdir, *mpirun, *tmrsh;
	const char *collect; /* directory to copy this node's journals to, instead of a program */
	unsigned timeout;    /* seconds */
	struct dlfm_job_option option;
	const char *argv0; /* of the program */
	char **program;	   /* NULL-terminated command line */
};

/* common.c */
/* Prints "dlfm: <text>" to the job's standard error. */
void launch_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A program of this package beside this one, wherever the package was installed (static text of a call; do not keep two). */
const char *launch_helper(const char *name);
/* This process's environment, for task-env.h. */
struct dlfm_env_ops launch_environment(void);
/* The last line of DLFM's own that a program printed, without "dlfm: ", else its last line: it says why. A pointer into `output`, which it changes. */
const char *launch_last_line(char *output);
/* l->dirs as a NULL-terminated list, which stays allocated; NULL for the built-in list. */
const char *const *launch_dirs(const struct launch *l);

/* program.c */
/* Executes the program in place of this one; returns 126 or 127 with a message if that fails. */
int program_exec(const struct launch *l);
/* Runs the program as a child in this process group: signals sent to us are passed on, the terminal
 * is left to it. Returns its exit status, 128 + signal if it was killed. */
int program_run(const struct launch *l);

/* nodes.c */
struct nodes {
	char **names; /* distinct, in the order of the node file; names[0] is this node */
	size_t n;
};
/* Reads $PBS_NODEFILE; one node (this one) if there is none. */
int nodes_read(struct nodes *nodes, struct dlfm_error *e);
void nodes_free(struct nodes *nodes);

/* stage.c */
/* Has the cache staged on all nodes of the job. Returns 0 (this node has its image; a message names
 * nodes that have not), or -1 with a text. */
int stage_job(const struct launch *l, const char *cache, struct dlfm_error *e);
/* Sets this process's environment to that of a task on this node: 1, or 0 if the node has no image,
 * or -1 with a text. */
int stage_environment(const struct launch *l, struct dlfm_error *e);

/* journals.c */
/* Copies this node's journals into a directory (l->collect). */
int journals_collect(const struct launch *l, struct dlfm_error *e);
/*
 * Has the other nodes copy theirs to a new directory `<beside>.journals.*`, which all of them must see. Nodes that
 * cannot are named in a message. "" if the job has no other nodes, or the directory cannot be made (a message says so).
 */
int journals_gather(const struct launch *l, const char *beside, char gathered[PATH_MAX],
		    struct dlfm_error *e);
void journals_remove(const char *gathered);

/* record.c */
/* Sets this process's environment for recording into the job's journal directory on this node, made if need be. */
int record_environment(const struct launch *l, struct dlfm_error *e);
/* Packs the journals of all nodes into l->option.file. */
int record_pack(const struct launch *l, struct dlfm_error *e);

/* report.c */
/* Writes the report of all nodes to where the option says, and adds what they missed to the cache, as far as the option
 * asks for it; what fails is said. */
void replay_end(const struct launch *l);

/* child.c */
/* The command line of a helper program, put together piece by piece; start with all zero. */
struct command {
	char *argv[48]; /* NULL-terminated */
	size_t n, used;
	char text[PATH_MAX * 6];
};
/* Adds the argument `name``value`. What does not fit is left out, and the program will not be run. */
void command_add(struct command *c, const char *name, const char *value);
/*
 * Runs a program without a shell, its standard input empty, for at most `seconds`; then it and its process group are
 * killed. `output` keeps the last bytes of what it printed (both streams). Returns its exit status, 128 + signal, 124
 * for the time limit; -1 with a text if it could not be started.
 */
int child_run(const struct command *c, unsigned seconds, char *output, size_t size,
	      struct dlfm_error *e);
/* A child of its own for each node, at most 32 at once: argv[place] is the node's name. Returns the number that failed,
 * the first of them in *failed. */
size_t child_run_nodes(struct command *c, size_t place, char *const *names, size_t n,
		       unsigned seconds, size_t *failed);

#endif
