/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of pynamic(1). Each gets its own arguments (argv[0] is its name) and returns the
 * exit status. */
#ifndef PYNAMIC_COMMANDS_H
#define PYNAMIC_COMMANDS_H

/* Exit statuses: 0; 1: something that was measured or checked failed; 125: wrong usage, or
 * pynamic's own failure. */
enum { PYN_EXIT_CHECK = 1 };

int pyn_command_generate(int argc, char **argv);
int pyn_command_build(int argc, char **argv);
int pyn_command_sizes(int argc, char **argv);
int pyn_command_profiles(int argc, char **argv);
/* stamp [NAME=VALUE...] [--] CMD...: env(1) that puts the time of its exec into PYNAMIC_STAMP: a
 * rank's start. */
int pyn_command_stamp(int argc, char **argv);
/* run, tools, plot: the commands in Python. */
int pyn_command_python(int argc, char **argv);

/* Prints "pynamic: text" and returns 125. */
int pyn_fail(const char *text);

/*
 * Where the parts in Python and the launcher's source are: $PYNAMIC_DATADIR, else beside this
 * program (a build tree) or in
 * ../share/dlfm/pynamic from it, else where it was installed. "" if they are nowhere.
 */
const char *pyn_data_directory(void);

#endif
