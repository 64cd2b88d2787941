/* SPDX-License-Identifier: BSD-3-Clause */
/* A line for diagnosis, to the file DLFM_LOG, if DLFM_DEBUG asks for it: all that the auditor ever writes for people. */
#ifndef DLFM_AUDIT_LOG_H
#define DLFM_AUDIT_LOG_H

void audit_log_start(int replaying, int recording);

#endif
