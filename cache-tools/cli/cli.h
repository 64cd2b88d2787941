/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dlfm command: each subcommand is one file cmd-<name>.c with one struct cli_command. Its
 * option table drives parsing, --help and the shells' completion.
 */
#ifndef DLFM_CLI_H
#define DLFM_CLI_H

#include <stddef.h>
#include <stdint.h>

#include "cache-tools/error.h"

enum cli_kind {
	CLI_FLAG,   /* int: set to 1 */
	CLI_COUNT,  /* int: raised by 1 each time */
	CLI_TEXT,   /* const char * */
	CLI_LIST,   /* struct cli_list: may be given several times */
	CLI_NUMBER, /* uint64_t; K, M, G (powers of 1024) may follow */
	CLI_CHOICE, /* int: one of the choices */
};

struct cli_list {
	const char **items;
	size_t n;
};

struct cli_choice {
	const char *name; /* NULL ends the list */
	int value;
};

struct cli_option {
	char letter;	      /* 0: none */
	const char *name;     /* NULL ends the table */
	const char *argument; /* FILE, DIR, SIZE ...; NULL for a flag; for a choice the names,
				 "shared|all" */
	const char *help;     /* begins in lower case, no full stop */
	enum cli_kind kind;
	void *value; /* what the kind says; its initial value is the default */
	const struct cli_choice *choices;
};

struct cli_command {
	const char *name;
	const char *arguments;		  /* in the synopsis, after [OPTION...] */
	const char *summary;		  /* one line */
	const char *notes;		  /* paragraphs for --help, or NULL */
	const struct cli_option *options; /* may be NULL */
	int min_args, max_args;		  /* max_args -1: any number */
	int is_launcher; /* options end at the first argument: the rest is a command */
	int is_hidden;	 /* not in the help, not completed */
	int (*run)(int argc, char **argv); /* arguments only; returns the exit status */
};

/* All subcommands in the order of the help; NULL-terminated (commands.c). */
extern const struct cli_command *const cli_commands[];

/* alone.c */

/* Starts dlfm again without the injected objects, if it runs in the environment of a recording or a replay. */
void cli_stand_alone(char **argv);

/* options.c */

/*
 * Parses argv[1..] by the table, permuting; *first is the index of the first argument. Returns 0; 1
 * if --help was answered; -1 with a text.
 */
int cli_parse(const struct cli_command *command, int argc, char **argv, int *first,
	      struct dlfm_error *e);
/* help.c */
void cli_help(const struct cli_command *command);
void cli_help_all(void);

/* output.c */

/* Prints "dlfm: <text>" to standard error; returns DLFM_EXIT_OWN. */
int cli_fail(const struct dlfm_error *e);
/* Prints "dlfm: <text>" to standard error. */
void cli_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct json_object;
/* A new object for --json; its first member is "schema": "dlfm.<what>/<version>". */
struct json_object *cli_json(const char *what, int version);
/* Prints it, frees it; returns the exit status (0, or DLFM_EXIT_OWN if standard output failed). */
int cli_json_print(struct json_object *o);
/* Flushes standard output; returns `status`, or DLFM_EXIT_OWN with a message if the output could
 * not be written. */
int cli_finish(int status);

/* From now on a signal that ends this process removes its temporary files first. */
void cli_remove_temporaries_on_signals(void);

/*
 * From now on the first signal that would end this process is only kept, for cli_interrupted(); the second one removes
 * temporary files and ends it.
 */
void cli_keep_signals(void);
int cli_interrupted(void); /* the signal, 0: none */
/* Ends this process by the kept signal, if there is one. */
void cli_end_if_interrupted(void);

/* Prints a path; on a terminal, control characters as question marks. */
void cli_print_path(const char *path);
/* printf(3) of text that holds what a cache says; on a terminal, control characters but newlines as question marks. */
void cli_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A number of bytes for people: "512 B", "1.2 MiB". */
const char *cli_size(char text[16], uint64_t bytes);

/* Progress: one line on standard error, rewritten; only on a terminal and not after cli_quiet was
 * set. */
extern int cli_quiet;
void cli_progress(const char *what, uint64_t done, uint64_t total);
void cli_progress_end(void);

#endif
