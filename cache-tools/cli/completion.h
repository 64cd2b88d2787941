/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion in shells, from the option tables: the scripts are made when DLFM is built. */
#ifndef DLFM_CLI_COMPLETION_H
#define DLFM_CLI_COMPLETION_H

#include "cache-tools/cli/cli.h"

enum completion_kind { COMPLETE_WORD, COMPLETE_FILE, COMPLETE_DIRECTORY, COMPLETE_CHOICE };

/* What an option's argument is; of a flag COMPLETE_WORD. */
enum completion_kind completion_of(const struct cli_option *o);
/* How many arguments stand before the command of a launcher; -1: it is none. */
int completion_command_at(const struct cli_command *c);

void completion_bash(void);
void completion_zsh(void);

#endif
