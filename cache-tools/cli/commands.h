/* SPDX-License-Identifier: BSD-3-Clause */
/* What each cmd-<name>.c defines. */
#ifndef DLFM_CLI_COMMANDS_H
#define DLFM_CLI_COMMANDS_H

#include "cache-tools/cli/cli.h"

extern const struct cli_command cmd_clean;
extern const struct cli_command cmd_completion;
extern const struct cli_command cmd_diff;
extern const struct cli_command cmd_doctor;
extern const struct cli_command cmd_explain;
extern const struct cli_command cmd_extract;
extern const struct cli_command cmd_info;
extern const struct cli_command cmd_ls;
extern const struct cli_command cmd_learn;
extern const struct cli_command cmd_merge;
extern const struct cli_command cmd_option;
extern const struct cli_command cmd_pack;
extern const struct cli_command cmd_record;
extern const struct cli_command cmd_refresh;
extern const struct cli_command cmd_replay;
extern const struct cli_command cmd_stage;
extern const struct cli_command cmd_top;
extern const struct cli_command cmd_verify;

#endif
